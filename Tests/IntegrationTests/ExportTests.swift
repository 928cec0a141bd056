import Foundation
import TestSupport
import Testing

@Suite("An exported root file system")
struct ExportTests {
    private let directory: TemporaryDirectory
    private let image: DockerBuild
    private let docker: DockerDaemon

    /// What Docker puts into each container, and the directories that it lies in.
    private static let ofContainers = [
        ".", ".dockerenv", "dev", "dev/console", "dev/pts", "dev/shm", "etc", "etc/hosts", "etc/hostname", "etc/mtab",
        "etc/resolv.conf", "proc", "sys",
    ]

    init() throws {
        directory = try TemporaryDirectory()
        docker = try DockerDaemon.shared
        image = try DockerBuild.layered
    }

    /// A line for each name in a tar or a directory, as an independent program walks it.
    private func tree(_ path: String, without ignored: [String] = ["."]) throws -> [String] {
        let script = "\(Dockertools.checkout)/Tests/Peers/list_tree.py"
        let text = String(decoding: try Program.output(["python3", script, path] + ignored), as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }

    /// Exports the image, which must succeed.
    ///
    /// - Returns: the output's path.
    private func export(_ argument: String, to name: String, _ more: [String] = [], input: [UInt8] = []) throws
        -> String
    {
        let command = ["export", argument, "-o", directory.path(name)] + more
        let outcome = try Dockertools.run(command, input: input, in: directory.path)
        guard outcome.status == 0 else { throw Program.Failed(command, outcome) }
        #expect(outcome.text == directory.path(name) + "\n")
        return directory.path(name)
    }

    /// What `docker export` writes of a new container.
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

    @Test("holds what docker export does")
    func dockerExport() throws {
        let theirs = try dockerExport(image.name, to: "docker.tar")
        let ours = try export(image.archive, to: "ours.tar")
        try expectEqual(
            tree(ours, without: Self.ofContainers), tree(theirs, without: Self.ofContainers))
    }

    @Test("is taken by docker import, and comes out of it as it was")
    func dockerImport() throws {
        let ours = try export(image.archive, to: "ours.tar")
        try docker.output(["import", ours, "imported/by-docker:1"])
        let theirs = try dockerExport("imported/by-docker:1", to: "again.tar")
        try expectEqual(
            tree(theirs, without: Self.ofContainers), tree(ours, without: Self.ofContainers))
    }

    @Test("holds what umoci unpacks")
    func umoci() throws {
        let layout = directory.path("layout")
        try Program.output(["skopeo", "copy", "--quiet", "docker-archive:\(image.archive)", "oci:\(layout):t"])
        try Program.output(["umoci", "unpack", "--image", "\(layout):t", directory.path("bundle")])
        let ours = try export("oci:\(layout):t", to: "ours.tar")
        try expectEqual(tree(ours), tree(directory.path("bundle/rootfs")))
    }

    @Test("is the same from a file, a pipe, gzip and a layout, and the second time")
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

    @Test("is a squashfs of the same tree, byte for byte the same each time")
    func squashfs() throws {
        let tar = try export(image.archive, to: "ours.tar")
        let first = try export(image.archive, to: "1.squashfs", ["--format", "squashfs"])
        // Later than the first by a second at least, which the file system must not tell.
        usleep(1_100_000)
        let second = try export(image.archive, to: "2.squashfs", ["--format", "squashfs"])
        #expect(try directory.read("1.squashfs") == directory.read("2.squashfs"))
        #expect(first != second)
        try Program.output(["unsquashfs", "-quiet", "-no-progress", "-dest", directory.path("unpacked"), first])
        let wanted = try tree(tar, without: [])
        #expect(wanted.first?.contains("\"name\": \".\"") == true)
        try expectEqual(tree(directory.path("unpacked"), without: []), wanted)
    }

    @Test("is refused as a squashfs where that is no file, and where sqfstar is not there")
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

    @Test("is the base's where a spec names nothing but a base")
    func baseSpec() throws {
        let spec = try directory.write(Array("{\"fromImage\": \"\(image.archive)\"}".utf8), to: "spec.json")
        _ = try export(image.archive, to: "ours.tar")
        let ours = try directory.read("ours.tar")
        let named = try Dockertools.run(["export", spec, "--json"], in: directory.path)
        #expect(named.status == 0)
        #expect(try directory.read("by-docker-rootfs.tar") == ours)
        let result = try JSONDecoder().decode(BuiltImage.self, from: Data(named.output))
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

    @Test("does not take the place of an input")
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

    @Test("has the programs of the contents, and without store paths no store")
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
