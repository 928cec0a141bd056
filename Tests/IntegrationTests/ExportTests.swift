import Foundation
import TestSupport
import Testing

@Suite("Exported root file systems")
struct ExportTests {
    private let directory: TemporaryDirectory
    private let image: DockerBuild
    private let docker: DockerDaemon

    /// The files that Docker creates in each container, and the directories above them.
    private static let ofContainers = [
        ".", ".dockerenv", "dev", "dev/console", "dev/pts", "dev/shm", "etc", "etc/hosts", "etc/hostname", "etc/mtab",
        "etc/resolv.conf", "proc", "sys",
    ]

    init() throws {
        directory = try TemporaryDirectory()
        docker = try DockerDaemon.shared
        image = try DockerBuild.layered
    }

    /// Lists the files of a tar or a directory with an independent program, one per line.
    private func tree(_ path: String, without ignored: [String] = ["."]) throws -> [String] {
        let script = "\(Dockertools.checkout)/Tests/Peers/list_tree.py"
        let text = String(decoding: try Program.output(["python3", script, path] + ignored), as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }

    /// Exports the image, which must succeed.
    ///
    /// - Returns: the path of the output.
    private func export(_ argument: String, to name: String, _ more: [String] = [], input: [UInt8] = []) throws
        -> String
    {
        let command = ["export", argument, "-o", directory.path(name)] + more
        let outcome = try Dockertools.run(command, input: input, in: directory.path)
        guard outcome.status == 0 else { throw Program.Failed(command, outcome) }
        #expect(outcome.text == directory.path(name) + "\n")
        return directory.path(name)
    }

    /// Writes the output of `docker export` for a new container.
    private func dockerExport(_ name: String, to file: String) throws -> String {
        let container = try docker.output(["create", name, "/none"]).trimmingCharacters(in: .newlines)
        try docker.output(["export", "--output", directory.path(file), container])
        try docker.output(["rm", container])
        return directory.path(file)
    }

    private func expectEqual(_ got: [String], _ wanted: [String], atLeast count: Int = 40) {
        #expect(Set(got).subtracting(wanted).sorted() == [])
        #expect(Set(wanted).subtracting(got).sorted() == [])
        #expect(got.count == wanted.count)
        #expect(got.count >= count)
    }

    @Test("The tar has the same files as docker export's")
    func dockerExport() throws {
        let theirs = try dockerExport(image.name, to: "docker.tar")
        let ours = try export(image.archive, to: "ours.tar")
        try expectEqual(
            tree(ours, without: Self.ofContainers), tree(theirs, without: Self.ofContainers))
    }

    @Test("docker import accepts the tar, and the imported image has the same files")
    func dockerImport() throws {
        let ours = try export(image.archive, to: "ours.tar")
        try docker.output(["import", ours, "imported/by-docker:1"])
        let theirs = try dockerExport("imported/by-docker:1", to: "again.tar")
        try expectEqual(
            tree(theirs, without: Self.ofContainers), tree(ours, without: Self.ofContainers))
    }

    @Test("The tar has the same files as umoci's unpacked image")
    func umoci() throws {
        let layout = directory.path("layout")
        try Program.output(["skopeo", "copy", "--quiet", "docker-archive:\(image.archive)", "oci:\(layout):t"])
        try Program.output(["umoci", "unpack", "--image", "\(layout):t", directory.path("bundle")])
        let ours = try export("oci:\(layout):t", to: "ours.tar")
        try expectEqual(tree(ours), tree(directory.path("bundle/rootfs")))
    }

    @Test("A file, a pipe, gzip, an OCI layout and a second run give the same tar")
    func sources() throws {
        let expected = try Data(contentsOf: URL(fileURLWithPath: export(image.archive, to: "file.tar")))
        let saved = try [UInt8](Data(contentsOf: URL(fileURLWithPath: image.archive)))
        let layout = directory.path("layout")
        try Program.output(["skopeo", "copy", "--quiet", "docker-archive:\(image.archive)", "oci:\(layout):t"])
        let zipped = try Program.output(["gzip", "-1"], input: saved)
        for (name, output) in [
            ("again", try export(image.archive, to: "again.tar")),
            ("a pipe", try export("-", to: "pipe.tar", input: saved)),
            ("gzip", try export("-", to: "gzip.tar", input: zipped)),
            ("a layout", try export(layout, to: "layout.tar")),
        ] {
            #expect(try Data(contentsOf: URL(fileURLWithPath: output)) == expected, "\(name)")
        }
        let stdout = try Dockertools.run(["export", image.archive, "-o", "-", "--quiet"])
        #expect(Data(stdout.output) == expected)
        #expect(stdout.errors.isEmpty)
    }

    @Test("A squashfs has the same tree, and its bytes are the same every time")
    func squashfs() throws {
        let tar = try export(image.archive, to: "ours.tar")
        let first = try export(image.archive, to: "1.squashfs", ["--format", "squashfs"])
        // At least a second later than the first: the file system must not contain the time of the run.
        usleep(1_100_000)
        let second = try export(image.archive, to: "2.squashfs", ["--format", "squashfs"])
        #expect(try directory.read("1.squashfs") == directory.read("2.squashfs"))
        #expect(first != second)
        try Program.output(["unsquashfs", "-quiet", "-no-progress", "-dest", directory.path("unpacked"), first])
        let wanted = try tree(tar, without: [])
        #expect(wanted.first?.contains("\"name\": \".\"") == true)
        try expectEqual(tree(directory.path("unpacked"), without: []), wanted)
    }

    @Test("A squashfs needs a file as output, and sqfstar")
    func noSquashfs() throws {
        let command = ["export", image.archive, "--format", "squashfs", "-o"]
        for output in ["-", "/dev/null"] {
            let outcome = try Dockertools.run(command + [output])
            #expect(outcome.status == 64)
            #expect(outcome.output.isEmpty)
        }
        let outcome = try Dockertools.run(command + [directory.path("x")], environment: ["PATH": "/nowhere"])
        #expect(outcome.status == 69)
        #expect(outcome.errors.contains("apt-get install squashfs-tools"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }

    @Test("A spec with only a base gives the base's files")
    func baseSpec() throws {
        let spec = try directory.write(Array("{\"fromImage\": \"\(image.archive)\"}".utf8), to: "spec.json")
        _ = try export(image.archive, to: "ours.tar")
        let ours = try directory.read("ours.tar")
        let named = try Dockertools.run(["export", spec, "--json"], in: directory.path)
        #expect(named.status == 0)
        #expect(try directory.read("by-docker-rootfs.tar") == ours)
        let result = try named.decode(BuiltImage.self)
        #expect(result.reference == image.name)
        #expect(try docker.inspect(image.name, "{{.Id}}") == result.imageID)
        #expect(
            try docker.inspect(image.name, "{{join .RootFS.Layers \" \"}}")
                == result.layers.map(\.diffID).joined(separator: " "))
        #expect(result.size == ours.count)
        let renamed = try Dockertools.run(["export", spec, "--set", "name=x/other"], in: directory.path)
        #expect(renamed.text == "other-rootfs.tar\n")
        #expect(try directory.read("other-rootfs.tar") == ours)
        let missing = try Dockertools.run(["export", spec, "--set", "fromImageTag=none"], in: directory.path)
        #expect(missing.status == 65)
        #expect(missing.errors.contains(image.name))
    }

    @Test("An output cannot replace an input")
    func outputIsInput() throws {
        let copy = try directory.write([UInt8](Data(contentsOf: URL(fileURLWithPath: image.archive))), to: "copy.tar")
        let before = try directory.read("copy.tar")
        let spec = try directory.write(Array("{\"fromImage\": \"copy.tar\"}".utf8), to: "spec.json")
        for argument in [copy, spec] {
            let outcome = try Dockertools.run(["export", argument, "-o", copy])
            #expect(outcome.status == 65)
            #expect(outcome.errors.contains("it is also an input"))
            #expect(try directory.read("copy.tar") == before)
        }
    }

    @Test("The tar has the programs of contents; without store paths it has no store")
    func withoutStorePaths() throws {
        let bench = try Workbench()
        func names(_ image: BuiltImage) throws -> [String] {
            let outcome = try bench.run(["export", image.output, "-o", "-", "--quiet"])
            #expect(outcome.status == 0)
            let list = try Program.output(["tar", "-t"], input: outcome.output)
            return String(decoding: list, as: UTF8.self).split(separator: "\n").map(String.init)
        }
        let spec = "{\"name\": \"shell\", \"contents\": \"\(bench.store["busybox"])\""
        let whole = try names(bench.layered(spec + "}"))
        #expect(whole.first == "./")
        #expect(whole.contains("./bin/sh") && whole.contains("./nix/store/"))
        let storeless = try names(bench.layered(spec + ", \"includeStorePaths\": false}"))
        #expect(storeless.contains("./bin/sh"))
        #expect(!storeless.contains { $0.contains("nix") })
    }
}
