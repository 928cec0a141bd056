import Foundation
import TestSupport
import Testing

/// Tests of pushes from machines with an empty cache, as continuous integration has them.
@Suite("push with an empty cache")
struct PushCacheTests {
    private let bench: PushFixture
    private var name: String { bench.registry.name }

    init() throws {
        bench = try PushFixture()
        try writeGraph("1")
    }

    /// Writes the graph, with hashes of one digit repeated.
    private func writeGraph(_ digit: Character) throws {
        func hash(_ digit: Character) -> String { "sha256:\(String(repeating: digit, count: 64))" }
        try bench.write(
            "graph.json",
            """
            [{"path":"\(PushFixture.words)","references":[],"narHash":"\(hash("0"))"},
             {"path":"\(PushFixture.tool)","references":["\(PushFixture.words)"],"narHash":"\(hash(digit))"}]
            """)
    }

    /// Pushes with an empty cache.
    ///
    /// - Returns: the result, the requests to the repository, and the names of the files that were opened.
    private func push(
        to image: String, _ options: [String] = []
    ) throws -> (pushed: PushedImage, requests: [String], opened: String) {
        let trace = bench.directory.path("trace")
        let environment = bench.pulls.environment.merging([
            "XDG_CACHE_HOME": bench.directory.path("cache of \(UUID())")
        ]) { $1 }
        var output: [UInt8] = []
        let requests = try bench.requests(to: String(image.prefix { $0 != ":" })) {
            output = try Program.output(
                [
                    "strace", "-f", "-e", "trace=open,openat,openat2", "-o", trace, Dockertools.path, "push",
                    "image.toml", "\(name)/\(image)", "--json",
                ] + options, environment: environment, in: bench.directory.path)
        }
        return (
            try JSONDecoder().decode(PushedImage.self, from: Data(output)), requests,
            String(decoding: try bench.directory.read("trace"), as: UTF8.self)
        )
    }

    private func opensStoreFiles(_ opened: String) -> Bool {
        ["\"text\"", "/text\"", "bin/tool\"", "\"tool\""].contains { opened.contains($0) }
    }

    @Test("The same image again: no upload, no file of a store layer opened, three requests and one for each layer")
    func sameImage() throws {
        let first = try push(to: "cache/same:1")
        #expect(first.pushed.statuses == ["uploaded", "uploaded", "uploaded"])
        #expect(opensStoreFiles(first.opened))
        let second = try push(to: "cache/same:1")
        #expect(second.pushed.statuses == ["exists", "exists", "exists"])
        #expect(
            second.requests.sorted() == [
                "GET blobs", "GET manifests", "HEAD blobs", "HEAD blobs", "HEAD blobs", "PUT manifests",
            ])
        #expect(!opensStoreFiles(second.opened))
        #expect(second.pushed.digest == first.pushed.digest)
        #expect(second.pushed.sent == 0 && second.pushed.spared == first.pushed.sent)
        #expect(second.pushed.images[0].layers.allSatisfy { $0.foundBy == "\(name)/cache/same:1" })
    }

    @Test("Of the next version only what changed is read and sent, under whatever tag")
    func nextVersion() throws {
        try _ = push(to: "cache/next:1")
        try bench.file("store\(PushFixture.tool)/bin/tool", "tac \(PushFixture.words)/text\n")
        try writeGraph("2")
        let next = try push(to: "cache/next:2")
        let sent = next.pushed.images[0].layers.filter { $0.status == "uploaded" }
        #expect(sent.map(\.storePaths) == [[PushFixture.tool]])
        #expect(!next.opened.contains("/text\"") && !next.opened.contains("\"text\""))
        // Another machine with a full cache gets the same image.
        #expect(try bench.push(to: "cache/next:3", ["--no-remote-cache"]).digest == next.pushed.digest)
    }

    @Test("--no-remote-cache reads all files, and --cache-from uses another repository's layers")
    func options() throws {
        try _ = push(to: "cache/from:1")
        let hashed = try push(to: "cache/from:1", ["--no-remote-cache"])
        #expect(opensStoreFiles(hashed.opened))
        #expect(!hashed.requests.contains("GET manifests"))
        let other = try push(to: "cache/other:1", ["--cache-from", "\(name)/cache/from:1"])
        #expect(other.pushed.statuses == ["mounted", "mounted", "mounted"])
        #expect(!opensStoreFiles(other.opened))
        let both = try bench.pulls.run([
            "push", "image.toml", "\(name)/cache/from:1", "--no-remote-cache", "--cache-from", "a",
        ])
        #expect(both.status == 64)
    }

    @Test("The summary says what was sent and spared, and where layers were found")
    func summary() throws {
        try bench.push(to: "cache/summary:1")
        let again = try bench.pulls.run(["push", "image.toml", "\(name)/cache/summary:1"])
        #expect(again.errors.contains("sent 0 B, spared "))
        #expect(again.errors.contains("; found 3 of 3 layers in \(name)/cache/summary:1"))
    }

    @Test("Keys are in pushed manifests alone: files do not depend on where references came from")
    func keysInFiles() throws {
        for format in ["docker-archive", "oci-archive", "oci-layout"] {
            let paths = try ["with", "without"].map { which in
                if which == "without" {
                    let graph = String(decoding: try bench.directory.read("graph.json"), as: UTF8.self)
                    try bench.write("graph.json", graph.replacing(/,"narHash":"[^"]*"/, with: ""))
                } else {
                    try writeGraph("1")
                }
                try bench.pulls.output(["layered", "image.toml", "-o", "\(format)-\(which)", "--format", format])
                return bench.directory.path("\(format)-\(which)")
            }
            try Program.output(["diff", "-r"] + paths)
        }
    }

    @Test("Annotations of the spec and of --annotation are in the manifest, the index and layouts")
    func annotations() throws {
        try bench.writeSpec(
            "image.toml", "annotations = { \"org.example.a\" = \"spec\", \"org.example.b\" = \"spec\" }")
        try bench.writeSpec("arm.toml", architecture: "arm64", "annotations = { \"org.example.a\" = \"spec\" }")
        func annotations(_ image: String) throws -> [String: String] {
            struct Document: Decodable { let annotations: [String: String]? }
            let raw = try Program.output(["skopeo", "inspect", "--raw", "--tls-verify=false", image])
            return try JSONDecoder().decode(Document.self, from: Data(raw)).annotations ?? [:]
        }
        let options = ["--annotation", "org.example.b=flag=1", "--annotation", "org.example.c="]
        try bench.push(to: "cache/annotations:1", options)
        #expect(
            try annotations("docker://\(name)/cache/annotations:1") == [
                "org.example.a": "spec", "org.example.b": "flag=1", "org.example.c": "",
            ])
        try bench.pulls.output(
            ["push", "--index", "image.toml", "arm.toml", "\(name)/cache/annotations:2", "--annotation", "d=e"])
        #expect(try annotations("docker://\(name)/cache/annotations:2") == ["org.example.a": "spec", "d": "e"])
        try bench.pulls.output(["layered", "image.toml", "-o", "layout", "--format", "oci-layout"])
        #expect(
            try annotations("oci:\(bench.directory.path("layout"))")
                == ["org.example.a": "spec", "org.example.b": "spec"])
        for arguments in [["--annotation", "x"], ["--annotation", "a=b", "--media-types", "docker"]] {
            #expect(
                try bench.pulls.run(["push", "image.toml", "\(name)/cache/annotations:3"] + arguments).status == 64)
        }
    }
}
