import Foundation
import TestSupport
import Testing

@Suite("push")
struct PushTests {
    private let bench: PushFixture
    private var name: String { bench.registry.name }

    init() throws { bench = try PushFixture() }

    @Test("docker, skopeo and podman pull a pushed image")
    func pulledByOthers() throws {
        try bench.writeSpec("image.toml", "config = { Cmd = [\"/bin/sh\"] }")
        let busybox = try bench.pulls.output([
            "layered", "image.toml", "-o", "image.tar", "--compressor", "none", "--json",
        ])
        let pushed = try bench.push(to: "push/others:1")
        let id = pushed.images[0].imageID
        #expect(busybox.contains(id))
        let docker = try DockerDaemon.shared
        try docker.output(["pull", "\(name)/push/others:1"])
        #expect(try docker.inspect("\(name)/push/others:1", "{{.Id}}") == id)
        try Program.output([
            "skopeo", "copy", "--quiet", "--insecure-policy", "--src-tls-verify=false",
            "docker://\(name)/push/others@\(pushed.digest)", "dir:\(bench.directory.path("dir"))",
        ])
        #expect(try bench.directory.read("dir/\(id.dropFirst(7))").count > 100)
        let shared = try SharedDirectory("podman")
        let podman = [
            "podman", "--root", "\(shared.path)/root", "--runroot", "\(shared.path)/run", "--storage-driver", "vfs",
        ]
        let pull = try Program.output(podman + ["pull", "--quiet", "--tls-verify=false", "\(name)/push/others:1"])
        #expect("sha256:" + String(decoding: pull.dropLast(), as: UTF8.self) == id)
        try Program.output(podman + ["rmi", "--all", "--force"])
    }

    @Test("Of an unchanged image only the manifest is uploaded, and no file is read")
    func again() throws {
        let first = try bench.push(to: "push/again:1")
        #expect(first.statuses == ["uploaded", "uploaded", "uploaded"])
        #expect(first.sent == first.images[0].layers.reduce(0) { $0 + $1.size } + first.configSize(bench))
        var second: PushedImage?
        let requests = try bench.requests(to: "push/again") {
            second = try bench.push(to: "push/again:2")
        }
        // The tag does not exist, and so the image with the highest version is read.
        #expect(
            requests.sorted() == [
                "GET blobs", "GET manifests", "GET manifests", "GET tags", "HEAD blobs", "HEAD blobs", "HEAD blobs",
                "PUT manifests",
            ])
        #expect(second?.statuses == ["exists", "exists", "exists"])
        #expect(second?.digest == first.digest)
        #expect(second?.sent == 0)
        #expect(second?.spared == first.sent)

        let trace = bench.directory.path("trace")
        try Program.output(
            [
                "strace", "-f", "-e", "trace=open,openat,openat2", "-o", trace, Dockertools.path, "push", "image.toml",
                "\(name)/push/again:3",
            ], environment: bench.pulls.environment, in: bench.directory.path)
        let opened = String(decoding: try bench.directory.read("trace"), as: UTF8.self)
        #expect(opened.contains("image.toml"))
        for file in ["\"text\"", "/text\"", "bin/tool\""] { #expect(!opened.contains(file)) }
    }

    @Test("Only the changed layer is uploaded")
    func changed() throws {
        try bench.push(to: "push/changed:1")
        try bench.file("store\(PushFixture.tool)/bin/tool", "tac \(PushFixture.words)/text\n")
        let second = try bench.push(to: "push/changed:2")
        let sent = second.images[0].layers.filter { $0.status == "uploaded" }
        #expect(sent.map(\.storePaths) == [[PushFixture.tool]])
        #expect(second.images[0].layers.filter { $0.status == "exists" }.count == 2)
    }

    @Test("Layers are mounted from another repository of the registry")
    func mount() throws {
        try bench.push(to: "push/mount-a:1")
        var second: PushedImage?
        let requests = try bench.requests(to: "push/mount-b") { second = try bench.push(to: "push/mount-b:1") }
        #expect(second?.statuses == ["mounted", "mounted", "mounted"])
        #expect(requests.filter { $0 == "POST mount" }.count == 3)
        #expect(!requests.contains("PATCH blobs"))
        let log = bench.registry.requests("from=push%2Fmount-a")
        #expect(log.count == 3)
        #expect(log.allSatisfy { $0.contains("\" 201 ") })
        // Layers missing there are uploaded, without a message.
        let digest = second?.images[0].layers[0].digest ?? ""
        for repository in ["push/mount-a", "push/mount-b"] {
            try bench.registry.delete(digest, of: repository)
        }
        let third = try bench.pulls.run(["push", "image.toml", "\(name)/push/mount-c:1", "--json"])
        #expect(third.status == 0)
        let pushed = try third.decode(PushedImage.self)
        #expect(pushed.statuses.sorted() == ["mounted", "mounted", "uploaded"])
        #expect(!third.errors.contains("error") && !third.errors.contains("warning"))
    }

    @Test("A push writes no work files")
    func noWorkFiles() throws {
        let outcome = try Dockertools.run(
            ["push", "image.toml", "\(name)/push/nowhere:1"],
            environment: ["TMPDIR": "/nowhere", "XDG_CACHE_HOME": "/dev/null"], in: bench.directory.path)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.text.hasPrefix("\(name)/push/nowhere:1@sha256:"))
    }

    @Test("--index pushes one image for each platform")
    func index() throws {
        try bench.writeSpec("arm.toml", architecture: "arm64")
        let output = try bench.pulls.output([
            "push", "--index", "image.toml", "arm.toml", "\(name)/push/index:1", "--digest-file",
            bench.directory.path("digest"), "--json",
        ])
        let pushed = try JSONDecoder().decode(PushedImage.self, from: Data(output.utf8))
        #expect(pushed.images.map(\.platform) == ["linux/amd64", "linux/arm64"])
        #expect(String(decoding: try bench.directory.read("digest"), as: UTF8.self) == pushed.digest)
        for (architecture, image) in zip(["amd64", "arm64"], pushed.images) {
            let config = try Program.output([
                "skopeo", "--override-arch", architecture, "inspect", "--tls-verify=false", "--config", "--raw",
                "docker://\(name)/push/index:1",
            ])
            #expect(
                "sha256:" + String(decoding: try Program.output(["sha256sum"], input: config).prefix(64), as: UTF8.self)
                    == image.imageID)
        }
        let twice = try bench.pulls.run(["push", "--index", "image.toml", "image.toml", "\(name)/push/index:2"])
        #expect(twice.status == 65)
        #expect(twice.errors.contains("two of the images are for linux/amd64"))
    }

    @Test("Archives, layouts and images of registries keep their compressed layers")
    func sources() throws {
        let zstd = try bench.pulls.output(
            ["layered", "image.toml", "-o", "layout", "--format", "oci-layout", "--compressor", "zstd"])
        #expect(zstd == "layout\n")
        let fromLayout = try bench.push("layout", to: "push/layout:1")
        let blobs = Set(
            try FileManager.default.contentsOfDirectory(atPath: bench.directory.path("layout/blobs/sha256")))
        for layer in fromLayout.images[0].layers { #expect(blobs.contains(String(layer.digest.dropFirst(7)))) }
        let manifest = try Program.output([
            "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)/push/layout:1",
        ])
        #expect(String(decoding: manifest, as: UTF8.self).contains("application/vnd.oci.image.layer.v1.tar+zstd"))

        try bench.pulls.output(["layered", "image.toml", "-o", "image.tar", "--compressor", "none"])
        let fromArchive = try bench.push("image.tar", to: "push/archive:1")
        #expect(fromArchive.images[0].imageID == fromLayout.images[0].imageID)

        // Between two repositories of one registry nothing is fetched and nothing uploaded.
        let requests = try bench.requests(to: "push/layout") {
            let copied = try bench.push("docker://\(name)/push/layout:1", to: "push/copy:1")
            #expect(copied.statuses == ["mounted", "mounted", "mounted"])
            #expect(copied.digest == fromLayout.digest)
        }
        #expect(!requests.contains("PATCH blobs"))
        #expect(requests.filter { $0 == "GET blobs" }.count == 1, "the config alone: \(requests)")
    }

    @Test("--compressor sets the compression, and the result names it")
    func compressors() throws {
        for (compressor, suffix) in [("none", ""), ("gz", "+gzip"), ("zstd", "+zstd")] {
            try bench.push(to: "push/compressor:\(compressor)", ["--compressor", compressor])
            let manifest = try Program.output([
                "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)/push/compressor:\(compressor)",
            ])
            let text = String(decoding: manifest, as: UTF8.self)
            #expect(text.components(separatedBy: "application/vnd.oci.image.layer.v1.tar\(suffix)\"").count == 4)
        }
    }

    @Test("-t gives further tags to the image, and each is printed with the digest")
    func tags() throws {
        let base = "\(name)/push/tags"
        let text = try bench.pulls.output(["push", "image.toml", "\(base):1", "-t", "1.2", "--tag", "latest"])
        let lines = text.split(separator: "\n").map { $0.split(separator: "@").map(String.init) }
        #expect(lines.map(\.first) == ["\(base):1", "\(base):1.2", "\(base):latest"])
        #expect(Set(lines.map(\.last)).count == 1)
        for tag in ["1", "1.2", "latest"] {
            let inspection = try bench.pulls.output(["inspect", "docker://\(base):\(tag)", "--json"])
            #expect(inspection.contains(#""architecture":"amd64""#))
        }
        let refused = try bench.pulls.run(["push", "image.toml", "\(base):1", "-t", "a b"])
        #expect(refused.status == 64)
    }

    @Test("--media-types docker writes Docker's manifests, which docker and skopeo accept")
    func dockerMediaTypes() throws {
        let image = "\(name)/push/docker:1"
        try bench.push(to: "push/docker:1", ["--media-types", "docker"])
        let manifest = try Program.output(["skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(image)"])
        let text = String(decoding: manifest, as: UTF8.self)
        #expect(!text.contains("vnd.oci"))
        #expect(text.contains("application/vnd.docker.distribution.manifest.v2+json"))
        #expect(text.contains("application/vnd.docker.container.image.v1+json"))
        #expect(text.components(separatedBy: "application/vnd.docker.image.rootfs.diff.tar.gzip").count == 4)
        let copy = bench.directory.path("copy")
        try Program.output(["skopeo", "copy", "--src-tls-verify=false", "docker://\(image)", "dir:\(copy)"])
        let refused = try bench.pulls.run([
            "push", "image.toml", image, "--media-types", "docker", "--compressor", "zstd",
        ])
        #expect(refused.status == 64)
        #expect(refused.errors.contains("Docker's media types have none for layers with the compression zstd"))
    }

    @Test("A pulled image has the pushed layers, and gives the same archive as the spec")
    func roundTrip() throws {
        let pushed = try bench.push(to: "push/round:1")
        try bench.pulls.output(["pull", "\(name)/push/round:1", "-o", "back.tar"])
        let outcome = try bench.pulls.run(["layered", "image.toml", "-o", "made.tar", "--compressor", "none"])
        #expect(outcome.status == 0)
        let diff = try bench.pulls.run(["diff", "back.tar", "made.tar"])
        #expect(diff.status == 0, "\(diff.text)")
        #expect(pushed.images[0].layers.count == 3)
    }

    @Test("Requests that cannot be served are refused with a reason")
    func refusals() throws {
        func refused(_ arguments: [String], _ status: Int32, _ message: String) throws {
            let outcome = try bench.pulls.run(["push"] + arguments)
            #expect(outcome.status == status)
            #expect(outcome.errors.contains(message), "\(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
        try refused(["image.toml"], 64, "name an image, and its name in the registry")
        try refused(["image.toml", "arm.toml", "\(name)/a:1"], 64, "need --index")
        try refused(["image.toml", "\(name)/UPPER:1"], 64, "names of repositories are in lower case")
        try refused(["image.toml", "127.0.0.1:1/push/a:1"], 69, "connection refused")
        let zeros = String(repeating: "0", count: 64)
        try refused(
            ["image.toml", "\(name)/push/refused@sha256:\(zeros)"], 65, "and not the one of the name")
    }

    @Test("--set changes the config of an archive's image, and no layer")
    func overridden() throws {
        try bench.pulls.output(["layered", "image.toml", "-o", "image.tar", "--quiet"])
        let plain = try bench.push("image.tar", to: "push/plain:1")
        let changed = try bench.push("image.tar", to: "push/overridden:1", ["--set", "config.User=1000"])
        #expect(changed.images[0].imageID != plain.images[0].imageID)
        #expect(changed.images[0].layers.map(\.digest) == plain.images[0].layers.map(\.digest))
        let shown = try bench.pulls.output(["inspect", "docker://\(name)/push/overridden:1"])
        #expect(shown.contains("User          1000\n"))
    }

    @Test("On a terminal, a bar shows how much of all layers is uploaded")
    func bar() throws {
        try bench.file("store\(PushFixture.words)/text", String(repeating: "\(UUID()) ", count: 100_000))
        try bench.pulls.output(["layered", "image.toml", "-o", "image.tar.gz", "--quiet"])
        let script = """
            import fcntl, os, pty, struct, subprocess, sys, termios
            ours, theirs = pty.openpty()
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
            # A cache of its own, so that layers are not mounted from the repository of another push.
            environment = dict(os.environ, XDG_CACHE_HOME=os.path.join(sys.argv[1], "cache of " + sys.argv[4]))
            program = subprocess.Popen(sys.argv[2:], cwd=sys.argv[1], stdin=subprocess.DEVNULL, env=environment,
                                       stdout=subprocess.DEVNULL, stderr=theirs)
            os.close(theirs)
            seen = b""
            while True:
                try: more = os.read(ours, 4096)
                except OSError: break
                if not more: break
                seen += more
            assert program.wait() == 0
            sys.stdout.buffer.write(seen)
            """
        for (image, repository) in [("image.toml", "bar-a"), ("image.tar.gz", "bar-b")] {
            let arguments = [Dockertools.path, "push", image, "\(name)/push/\(repository):1"]
            let seen = String(
                decoding: try Program.python(script, [bench.directory.path] + arguments), as: UTF8.self)
            let bars = seen.matches(of: /\[#*-*\] (\d)\/(\d)  [\d.]+ [kM]?B of [\d.]+ [kM]B/)
            #expect(!bars.isEmpty, "\(seen)")
            #expect(bars.allSatisfy { $0.2 == "3" })
            #expect(!seen.contains(" 0/0 "))
        }
    }
}

extension PushedImage {
    /// The size of the config in the registry, in bytes.
    fileprivate func configSize(_ bench: PushFixture) -> Int {
        let config = try? Program.output([
            "skopeo", "inspect", "--tls-verify=false", "--config", "--raw",
            "docker://\(reference.replacing(":\(tag ?? "")@", with: "@"))",
        ])
        return config?.count ?? 0
    }
}
