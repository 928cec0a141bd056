import Foundation
import TestSupport
import Testing

@Suite("Images of a real Nix store")
struct StoreImageTests {
    private let bench: Workbench
    private var store: NixStore { bench.store }

    init() throws { bench = try Workbench() }

    private static let greeting = """
        Hello, world!
        a tool
        a single file
        twins
        ünï
        long
        2
        snow
        a single file

        """

    private func spec(_ name: String, _ more: String = "") -> String {
        """
        {"name": "\(name)", "tag": "t", "contents": ["\(store["greeter"])", "\(store["busybox"])"],
         "config": {"Cmd": ["/bin/greet"]}\(more)}
        """
    }

    private var greeting: String {
        let (a, b) = (store["libA"], store["libB"])
        return Self.greeting + "I am \(store["mirror"])\nlibc \(a) \(b)\n"
    }

    @Test(
        "Docker runs the image from a gzip archive, an uncompressed one and the stream",
        arguments: ["gz", "none", "stream"])
    func dockerRuns(how: String) throws {
        let docker = try DockerDaemon.shared
        let name = "greeter-\(how)"
        if how == "stream" {
            let file = try bench.write(spec(name), to: "spec.json")
            let pipe = "set -o pipefail; \"$0\" stream \"$1\" | docker --host \"$2\" load"
            let text = String(
                decoding: try store.output(["bash", "-c", pipe, Dockertools.path, file, docker.host]), as: UTF8.self)
            #expect(text.hasSuffix("Loaded image: \(name):t\n"))
        } else {
            let image = try bench.layered(spec(name), ["--compressor", how])
            #expect(try docker.load(image.output).hasSuffix("Loaded image: \(name):t\n"))
            #expect(try docker.inspect(image.reference, "{{.Id}}") == image.imageID)
        }
        #expect(try docker.runImage("\(name):t") == greeting)
    }

    @Test("Docker runs the image from a zstd archive that zstd decompresses")
    func zstd() throws {
        let docker = try DockerDaemon.shared
        let image = try bench.layered(spec("greeter-zstd"), ["--compressor", "zstd"], output: "image.tar.zst")
        let pipe = "set -o pipefail; zstd -dc \"$0\" | docker --host \"$1\" load"
        try Program.output(["bash", "-c", pipe, image.output, docker.host])
        #expect(try docker.runImage("greeter-zstd:t") == greeting)
        let copy = bench.directory.path("oci")
        try Program.output(["skopeo", "copy", "docker-archive:\(image.output)", "oci:\(copy):t"])
        #expect(FileManager.default.fileExists(atPath: "\(copy)/index.json"))
    }

    @Test("The layers have the digests of Python's tarfile", arguments: [2, 3, 6, 9, 14, 15, 16, 100])
    func layersOfPython(maxLayers: Int) throws {
        let image = try bench.layered(spec("greeter", ", \"maxLayers\": \(maxLayers)"), ["--compressor", "none"])
        #expect(image.storeLayers == (try reference(maxLayers, [])))
        #expect(image.layers.last?.storePaths == [])
    }

    @Test("With another owner, too, the layers have the digests of Python's tarfile")
    func ownedLayersOfPython() throws {
        let owner = """
            , "mtime": "2001-09-09T01:46:40Z", "uid": 3000000, "gid": 7, "uname": "jürgen", "gname": "\
            \(String(repeating: "g", count: 40))"
            """
        let image = try bench.layered(spec("greeter", owner))
        let fields = [
            "mtime=1000000000", "uid=3000000", "gid=7", "uname=jürgen", "gname=" + String(repeating: "g", count: 40),
        ]
        #expect(image.storeLayers == (try reference(100, fields)))
    }

    private func reference(_ maxLayers: Int, _ owner: [String]) throws -> [BuiltImage.Layer] {
        let roots = [store["greeter"], store["busybox"]]
        let script = "\(Dockertools.checkout)/Tests/Peers/layered_reference.py"
        let output = try Program.output(
            ["python3", script, store.root, "\(maxLayers - 1)"] + roots + owner,
            input: store.registration(of: roots), environment: ["LC_ALL": "C.UTF-8"])
        return try JSONDecoder().decode([BuiltImage.Layer].self, from: Data(output))
    }

    // Not gz: skopeo 1.9 and podman 4.3 of Debian 12 lose the first block of every gzip archive.
    @Test("skopeo reads an uncompressed archive and a zstd archive", arguments: [("none", "tar"), ("zstd", "tar.zst")])
    func skopeo(compressor: String, suffix: String) throws {
        let image = try bench.layered(
            spec("localhost/greeter"), ["--compressor", compressor], output: "image.\(suffix)")
        let source = "docker-archive:\(image.output)"
        #expect(try Self.imageID(source) == image.imageID)
        let found = try Program.run(["skopeo", "inspect", source]).decode(Found.self)
        #expect(found.layers == image.layers.map(\.diffID))
        let directory = "dir:\(bench.directory.path("dir"))"
        try Program.output(["skopeo", "copy", source, directory])
        #expect(try Self.imageID(directory) == image.imageID)
        let layout = "oci:\(bench.directory.path("oci")):t"
        try Program.output(["skopeo", "copy", source, layout])
        #expect(try Self.diffIDs(layout) == image.layers.map(\.diffID))
    }

    @Test("skopeo reads the stream, compressed by zstd")
    func skopeoReadsStream() throws {
        let file = try bench.write(spec("localhost/greeter"), to: "spec.json")
        let target = "oci:\(bench.directory.path("oci")):t"
        let pipe = "set -o pipefail; \"$0\" stream \"$1\" | zstd | skopeo copy docker-archive:/dev/stdin \"$2\""
        try store.output(["bash", "-c", pipe, Dockertools.path, file, target])
        let image = try bench.layered(spec("localhost/greeter"))
        #expect(try Self.diffIDs(target) == image.layers.map(\.diffID))
    }

    @Test("podman reads the archive")
    func podman() throws {
        let image = try bench.layered(spec("localhost/greeter"), ["--compressor", "none"], output: "image.tar")
        // podman refuses run-time directories with paths of more than 50 characters.
        let directory = try SharedDirectory("podman")
        let podman = [
            "podman", "--root", "\(directory.path)/root", "--runroot", "\(directory.path)/run", "--storage-driver",
            "vfs",
        ]
        try Program.output(podman + ["load", "--input", image.output])
        let id = try Program.output(podman + ["image", "inspect", "--format", "{{.Id}}", "localhost/greeter:t"])
        #expect("sha256:" + String(decoding: id.dropLast(), as: UTF8.self) == image.imageID)
        try Program.output(podman + ["rmi", "--all", "--force"])
    }

    /// The digest of the config that skopeo reads.
    private static func imageID(_ source: String) throws -> String {
        let config = try Program.output(["skopeo", "inspect", "--config", "--raw", source])
        return "sha256:" + String(decoding: try Program.output(["sha256sum"], input: config).prefix(64), as: UTF8.self)
    }

    /// The layers that the config lists.
    private static func diffIDs(_ source: String) throws -> [String] {
        let config = try Program.output(["skopeo", "inspect", "--config", "--raw", source])
        return try JSONDecoder().decode(Config.self, from: Data(config)).rootfs.diffIDs
    }

    private struct Config: Decodable {
        struct RootFS: Decodable {
            let diffIDs: [String]

            enum CodingKeys: String, CodingKey { case diffIDs = "diff_ids" }
        }

        let rootfs: RootFS
    }

    private struct Found: Decodable {
        let layers: [String]

        enum CodingKeys: String, CodingKey { case layers = "Layers" }
    }

    @Test("Links, files and hard links of the store are kept in the layer")
    func kindsOfPaths() throws {
        let image = try bench.layered(spec("greeter"))
        func members(_ name: String) throws -> [String] {
            let number = try #require(image.layers.firstIndex { $0.storePaths == [store[name]] })
            return try image.members(ofLayer: number)
        }
        let directories = ["d 0755 0:0 root:root 1 0 /nix", "d 0755 0:0 root:root 1 0 /nix/store"]
        #expect(
            try members("pointer") == directories + [
                "l 0777 0:0 root:root 1 0 \(store["pointer"]) -> \(store["baseData"])"
            ]
        )
        #expect(try members("baseData") == directories + ["- 0444 0:0 root:root 1 14 \(store["baseData"])"])
        #expect(try members("tool").last?.hasPrefix("- 0555 0:0 root:root 1 ") == true)
        #expect(
            try members("twins") == directories + [
                "d 0555 0:0 root:root 1 0 \(store["twins"])", "d 0555 0:0 root:root 1 0 \(store["twins"])/share",
                "- 0444 0:0 root:root 1 6 \(store["twins"])/share/first",
                "- 0444 0:0 root:root 1 6 \(store["twins"])/share/second",
            ])
    }
}
