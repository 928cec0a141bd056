import Foundation
import TestSupport
import Testing

@Suite("Docker-archives in other programs")
struct ArchiveReadersTests {
    private let bench: Workbench

    init() throws {
        bench = try Workbench()
        try bench.write("lower\n", to: "lower/file")
        try bench.write("upper\n", to: "upper/file")
    }

    /// The spec of an image whose base has one layer twice, with another one between.
    private func spec(_ name: String) throws -> String {
        for (number, contents) in ["lower", "upper", "lower"].enumerated() {
            let base = number == 0 ? "" : ", \"fromImage\": \"base\(number - 1).json\""
            try bench.write("{\"name\": \"base\", \"contents\": \"\(contents)\"\(base)}", to: "base\(number).json")
        }
        return """
            {"name": "\(name)", "tag": "1", "fromImage": "base2.json", "contents": "\(bench.store["busybox"])",
             "config": {"Cmd": ["/bin/cat", "/file"]}}
            """
    }

    private func image(_ name: String) throws -> BuiltImage {
        let image = try bench.layered(spec(name), ["--compressor", "none"], output: "\(name).tar")
        #expect(image.layers.count == 5)
        #expect(image.layers[0].diffID == image.layers[2].diffID)
        return image
    }

    @Test("An image with a repeated layer has the same bytes in a file, in a pipe, compressed, and from the cache")
    func sameBytes() throws {
        let text = try spec("same")
        let path = try bench.write(text, to: "same.json")
        let piped = try bench.run(["stream", path], environment: ["XDG_CACHE_HOME": bench.directory.path("other")])
            .output
        let again = try bench.run(["stream", path]).output
        let file = try image("same")
        #expect(try bench.directory.read("same.tar") == piped)
        #expect(again == piped)
        for (compressor, program) in [("gz", "gzip"), ("zstd", "zstd")] {
            let compressed = try bench.layered(text, ["--compressor", compressor], output: "same.\(compressor)")
            #expect(try Program.output([program, "-dc"], input: bench.directory.read("same.\(compressor)")) == piped)
            #expect(compressed.imageID == file.imageID)
        }
    }

    @Test("Docker loads an image with a repeated layer from a file and from a pipe")
    func docker() throws {
        let docker = try DockerDaemon.shared
        let image = try image("twice")
        for fromPipe in [false, true] {
            if fromPipe {
                let pipe = "set -o pipefail; \"$0\" stream twice.tar.json | docker --host \"$1\" load"
                let command = ["bash", "-c", pipe, Dockertools.path, docker.host]
                let outcome = try bench.store.run(command, in: bench.directory.path)
                #expect(outcome.text == "Loaded image: twice:1\n")
            } else {
                try docker.load(image.output)
            }
            let layers = try docker.inspect("twice:1", "{{json .RootFS.Layers}}")
            #expect(try JSONDecoder().decode([String].self, from: Data(layers.utf8)) == image.layers.map(\.diffID))
            #expect(try docker.inspect("twice:1", "{{.Id}}") == image.imageID)
            #expect(try docker.runImage("twice:1") == "lower\n")
            try docker.output(["rmi", "twice:1"])
        }
    }

    @Test("The directories for old readers are an image, with its layers as links")
    func oldReaders() throws {
        let docker = try DockerDaemon.shared
        let (text, name) = (#"{"name": "old", "tag": "1", "contents": "upper", "fromImage": "base0.json""#, "old.tar")
        _ = try spec("old")
        let image = try bench.layered(text + #", "config": {"User": "me"}}"#, ["--compressor", "none"], output: name)
        // Without manifest.json Docker takes every directory for a layer's, so the members are moved to their links.
        let script = """
            import json, os, sys
            os.remove("manifest.json")
            for directory in os.listdir("."):
                link = directory + "/layer.tar"
                if os.path.islink(link):
                    target = os.path.join(directory, os.readlink(link))
                    os.remove(link)
                    os.rename(target, link)
            os.rmdir("layers")
            """
        let unpacked = bench.directory.path("unpacked")
        try Program.output(["mkdir", unpacked])
        try Program.output(["tar", "-xf", image.output, "-C", unpacked])
        try Program.output(["python3", "-c", script], in: unpacked)
        try Program.output(["tar", "-cf", image.output, "-C", unpacked, "."])
        try docker.load(image.output)
        let layers = try docker.inspect("old:1", "{{json .RootFS.Layers}}")
        #expect(try JSONDecoder().decode([String].self, from: Data(layers.utf8)) == image.layers.map(\.diffID))
        #expect(try docker.inspect("old:1", "{{.Config.User}}") == "me")
    }

    @Test("containerd imports the archive from a file and from a pipe")
    func containerd() throws {
        let image = try image("contained")
        let containerd = try DockerDaemon.shared.containerd
        let command = ["ctr", "--address", containerd, "--namespace", "archives", "images"]
        try Program.output(command + ["import", image.output])
        let listed = String(decoding: try Program.output(command + ["ls"]), as: UTF8.self)
        #expect(listed.contains("docker.io/library/contained:1 "))
        try Program.output(command + ["rm", "docker.io/library/contained:1"])
        try Program.output(command + ["import", "-"], input: bench.directory.read("contained.tar"))
        #expect(String(decoding: try Program.output(command + ["ls"]), as: UTF8.self) == listed)
        try Program.output(command + ["rm", "docker.io/library/contained:1"])
    }

    @Test("skopeo copies an image with a repeated layer")
    func skopeo() throws {
        let image = try image("copied")
        let copy = bench.directory.path("copy.tar")
        try Program.output([
            "skopeo", "copy", "--insecure-policy", "docker-archive:\(image.output)", "docker-archive:\(copy):copied:1",
        ])
        let outcome = try bench.run(["validate", "--json", copy])
        #expect(outcome.status == 0)
        let report = try outcome.decode(ValidationReport.self)
        #expect(report.images.map(\.imageID) == [image.imageID])
        #expect(report.images.first?.layers.map(\.diffID) == image.layers.map(\.diffID))
    }

    @Test("Python's tarfile finds the layers and the links to them")
    func python() throws {
        let image = try image("listed")
        let script = """
            import hashlib, json, sys, tarfile
            archive = tarfile.open(sys.argv[1])
            for path in json.load(archive.extractfile("manifest.json"))[0]["Layers"]:
                digest = hashlib.sha256(archive.extractfile(path).read()).hexdigest()
                print(path, "sha256:" + digest)
                assert hashlib.sha256(archive.extractfile(digest + "/layer.tar").read()).hexdigest() == digest
            """
        let lines = image.layers.enumerated().map { "layers/00\($0 + 1).tar \($1.diffID)\n" }
        #expect(String(decoding: try Program.python(script, [image.output]), as: UTF8.self) == lines.joined())
    }
}
