import Foundation
import TestSupport
import Testing

@Suite("Images that cannot be pulled")
struct PullRefusalTests {
    private let bench: PullFixture
    private var name: String { bench.name }

    init() throws { bench = try PullFixture() }

    @Test("Docker's schema 1 is refused with a remedy")
    func schema1() throws {
        let image = try CraftedImage(in: bench.directory, kind: "docker", layers: ["one"])
        try bench.push(image.source, to: "refused-schema1:1", ["--format", "v2s1"])
        let outcome = try bench.run(["pull", "\(name)/refused-schema1:1"])
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("is in Docker's schema 1"))
        #expect(outcome.errors.contains("have the image pushed again with Docker 1.10 or later"))
        #expect(try bench.files() == ["image", "one.tar"])
    }

    @Test(
        "Missing images, unreachable registries and invalid names are errors",
        arguments: [
            ("NAME/refused-none:1", 65, "returned 404"), ("127.0.0.1:1/app", 69, "connection refused"),
            ("NAME/Upper:1", 64, "names of repositories are in lower case"),
            ("NAME/app@sha256:12", 64, "is not a digest"),
            ("NAME/app:-", 64, "is not a valid tag"), ("", 64, "cannot use the name ''"),
        ])
    func names(image: String, status: Int32, cause: String) throws {
        let outcome = try bench.run(["pull", image.replacing("NAME", with: name), "--retries", "0"])
        #expect(outcome.status == status)
        #expect(outcome.errors.contains(cause))
        #expect(outcome.output.isEmpty)
        #expect(try bench.files().isEmpty)
    }

    @Test(
        "Invalid option values are bad usage",
        arguments: [
            ["--sha256", "abc"], ["--arch", "amd46"], ["--os", "Linux"], ["--final-image-name", "A:1"],
            ["--final-image-tag", "-"], ["--variant", ""], ["--timeout", "0"], ["--retries", "-1"],
            ["--tls-verify", "no"],
            ["--set", "arch=amd64"], ["--creds", "hunter2"],
        ])
    func options(options: [String]) throws {
        let outcome = try bench.run(["pull", "\(name)/refused-none:1"] + options)
        #expect(outcome.status == 64)
        #expect(!outcome.errors.contains("hunter2"))
        #expect(try bench.files().isEmpty)
    }

    @Test("An output cannot replace its spec")
    func overSpec() throws {
        let spec = """
            imageName = "\(name)/app"
            imageDigest = "sha256:\(String(repeating: "0", count: 64))"
            sha256 = "\(String(repeating: "0", count: 52))"
            """
        try bench.directory.write(Array(spec.utf8), to: "app.toml")
        let outcome = try bench.run(["pull", "app.toml", "-o", "app.toml"])
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("it is also an input"))
        #expect(try bench.directory.read("app.toml") == Array(spec.utf8))
    }
}
