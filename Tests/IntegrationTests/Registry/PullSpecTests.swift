import Foundation
import TestSupport
import Testing

@Suite("Images pinned by a spec")
struct PullSpecTests {
    private let bench: PullFixture
    private var name: String { bench.name }

    init() throws { bench = try PullFixture() }

    /// Pushes the base image that Docker built, and pins it.
    ///
    /// - Returns: the spec as JSON.
    private func pinnedBase(_ repository: String) throws -> String {
        let docker = try DockerDaemon.shared
        let image = "\(name)/\(repository):1"
        try docker.output(["tag", DockerBuild.base.name, image])
        try docker.output(["push", "--quiet", image])
        return try bench.output(["prefetch", image, "--spec", "json"])
    }

    @Test("fromImage takes the output of prefetch, and a name in a registry with a warning that nothing pins it")
    func bases() throws {
        try bench.push("based/app:v1", layers: ["one"])
        let image = "\(name)/based/app:v1"
        for form in ["json", "toml"] {
            let spec = try bench.output(["prefetch", image, "--spec", form])
            try bench.directory.write(Array(spec.utf8), to: "base.\(form)")
        }
        func build(on base: String) throws -> (layers: [String], errors: String) {
            let spec = "{\"name\": \"top\", \"tag\": \"1\", \"fromImage\": \"\(base)\", \"architecture\": \"amd64\"}"
            try bench.directory.write(Array(spec.utf8), to: "top.json")
            let outcome = try bench.run(["build", "top.json", "-o", "top.tar", "--json"])
            guard outcome.status == 0 else { throw Program.Failed([base], outcome) }
            let errors = outcome.errors.split(separator: "\n").filter { $0.contains("warning") }.joined()
            return (try outcome.decode(BuiltImage.self).layers.map(\.diffID), errors)
        }
        let pinned = try build(on: "base.json")
        #expect(pinned.layers.count == 2)
        #expect(pinned.errors.isEmpty)
        #expect(try build(on: "base.toml").layers == pinned.layers)
        let named = try build(on: "docker://\(image)")
        #expect(named.layers == pinned.layers)
        #expect(named.errors.contains("nothing pins the base docker://\(image)"))
        let digest = try bench.output(["prefetch", image, "--json"]).firstMatch(of: /sha256:[0-9a-f]{64}/)
        let byDigest = try build(on: "docker://\(name)/based/app@\(try #require(digest).output)")
        #expect(byDigest.layers == pinned.layers)
        #expect(byDigest.errors.isEmpty)
    }

    @Test("pull takes the output of prefetch", arguments: ["json", "toml"])
    func prefetched(form: String) throws {
        try bench.push("spec-pinned/app:v1", layers: ["one"])
        let spec = try bench.output(["prefetch", "\(name)/spec-pinned/app:v1", "--spec", form])
        try bench.directory.write(Array(spec.utf8), to: "app.\(form)")
        // With a new cache: prefetch's cache has the hash already.
        let outcome = try Dockertools.run(["pull", "app.\(form)"], in: bench.directory.path)
        #expect(outcome.status == 0)
        #expect(outcome.text == "app.tar\n")
        try bench.archive(
            "spec-pinned/app:v1", as: "\(name)/spec-pinned/app:v1", to: "theirs.tar")
        #expect(try bench.areSame("app.tar", "theirs.tar"))
        let other = try bench.run(["pull", "app.\(form)", "--set", "finalImageTag=v2"])
        #expect(other.status == 65)
        #expect(other.errors.contains("got:    "))
        let input = try bench.run(["pull", "-", "-o", "-"], input: Array(spec.utf8))
        #expect(try input.output == bench.directory.read("app.tar"))
    }

    @Test("A pinned image can be a base, with its digest and hash", arguments: ["build", "layered"])
    func base(verb: String) throws {
        let pin = try pinnedBase("spec-base-\(verb)")
        let docker = try DockerDaemon.shared
        let spec = """
            {"name": "on-pulled-\(verb)", "tag": "1", "fromImage": {"pull": \(pin)},
             "config": {"Cmd": ["cat", "/etc/two"]}}
            """
        try bench.directory.write(Array(spec.utf8), to: "image.json")
        try bench.output([verb, "image.json", "-o", "image.tar"])
        try docker.load(bench.directory.path("image.tar"))
        #expect(try docker.runImage("on-pulled-\(verb):1") == "two\n")
        let layers = "{{join .RootFS.Layers \" \"}}"
        let below = try docker.inspect(DockerBuild.base.name, layers)
        #expect(try docker.inspect("on-pulled-\(verb):1", layers).hasPrefix(below + " "))
    }

    @Test("A base with another hash is refused, whatever the cache contains")
    func wrongBase() throws {
        let pin = try pinnedBase("spec-wrong")
        let hash = try #require(pin.firstMatch(of: /"sha256": "(\w+)"/)?.output.1)
        let wrong = pin.replacing(hash, with: String(repeating: "1", count: 52))
        let spec = #"{"name": "wrong", "fromImage": {"pull": \#(wrong)}}"#
        let outcome = try bench.run(["layered", "-", "-o", "wrong.tar"], input: Array(spec.utf8))
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("got:    \(hash)  sha256-"))
        #expect(try !bench.files().contains("wrong.tar"))
    }

    @Test(
        "An OCI archive or layout gets the layers as the registry stores them",
        arguments: ["gzip", "zstd", "none"])
    func layouts(compression: String) throws {
        let image = try bench.push(
            "spec-oci:\(compression)", compression: compression, layers: ["one", "two", "empty"])
        func blobs(_ directory: String) throws -> Set<String> {
            Set(try FileManager.default.contentsOfDirectory(atPath: bench.directory.path(directory)))
        }
        let manifest = try bench.directory.read("\(image.source.split(separator: "/").last ?? "")/manifest.json")
        let text = String(decoding: manifest, as: UTF8.self)
        let expected = Set(text.matches(of: /sha256:([0-9a-f]{64})/).map { String($0.output.1) })
        #expect(expected.count == 4)
        for (format, source) in [("oci-archive", "oci-archive"), ("oci-layout", "oci")] {
            try bench.output([
                "pull", "\(name)/spec-oci:\(compression)", "--format", format, "-o", format,
                "--final-image-name", "app", "--final-image-tag", "2",
            ])
            try Program.output([
                "skopeo", "copy", "--quiet", "--insecure-policy", "\(source):\(bench.directory.path(format)):2",
                "dir:\(bench.directory.path("copy-\(format)"))",
            ])
            #expect(try blobs("copy-\(format)").isSuperset(of: expected))
        }
    }
}
