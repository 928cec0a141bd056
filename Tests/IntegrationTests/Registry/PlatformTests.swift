import Foundation
import TestSupport
import Testing

@Suite("Images for several platforms")
struct PlatformTests {
    private let bench: PushFixture
    /// The name of an index for linux/amd64 and linux/arm64.
    private let index: String

    init() throws {
        bench = try PushFixture()
        index = try bench.pushIndex(to: "platforms:1")
    }

    private struct Inspected: Decodable { let architecture: String }

    private func architecture(_ image: String, _ options: [String] = []) throws -> String {
        let output = try bench.pulls.output(["inspect", image, "--json"] + options)
        return try JSONDecoder().decode(Inspected.self, from: Data(output.utf8)).architecture
    }

    @Test("--platform chooses the image for every verb that reads one")
    func chooses() throws {
        let remote = "docker://\(index)"
        let arm64 = ["--platform", "linux/arm64/v8", "--quiet"]
        #expect(try architecture(remote, ["--platform", "linux/arm64"]) == "arm64")
        #expect(try architecture(remote, ["--platform", "linux/amd64"]) == "amd64")
        try bench.pulls.output(["pull", index, "-o", "pulled.tar"] + arm64)
        #expect(try architecture("pulled.tar") == "arm64")
        try bench.pulls.output(["merge", remote, "-o", "merged.tar"] + arm64)
        #expect(try architecture("merged.tar") == "arm64")
        try bench.pulls.output(["push", remote, "\(bench.pulls.name)/one:1"] + arm64)
        #expect(try architecture("docker://\(bench.pulls.name)/one:1") == "arm64")
        try bench.pulls.output(["export", remote, "-o", "root.tar"] + arm64)
        try bench.pulls.output(["validate", remote, "--platform", "linux/arm64"])
        #expect(try bench.pulls.run(["diff", remote, "pulled.tar", "--platform", "linux/arm64"]).status == 0)
        #expect(try bench.pulls.run(["diff", remote, "arm64.toml", "--platform", "linux/arm64"]).status == 0)
    }

    @Test("push says which platform of an index it pushes if none is chosen")
    func warnsOfOtherPlatforms() throws {
        let pushed = try bench.pulls.run(["push", "docker://\(index)", "\(bench.pulls.name)/one:1"])
        #expect(pushed.status == 0)
        #expect(pushed.errors.contains("has images for linux/amd64, linux/arm64: the one for linux/"))
        let chosen = try bench.pulls.run(
            ["push", "docker://\(index)", "\(bench.pulls.name)/one:1", "--platform", "linux/arm64"])
        #expect(chosen.status == 0)
        #expect(!chosen.errors.contains("has images for"))
    }

    @Test(
        "A platform that an image lacks is an error that lists those that it has",
        arguments: [
            ["inspect", "IMAGE"], ["export", "IMAGE", "-o", "x.tar"], ["merge", "IMAGE", "-o", "x.tar"],
            ["push", "IMAGE", "REF"], ["diff", "IMAGE", "IMAGE"],
        ])
    func lacks(verb: [String]) throws {
        try bench.pulls.output(["build", "amd64.toml", "-o", "one.tar", "--quiet"])
        for (image, platforms) in [("docker://\(index)", "linux/amd64, linux/arm64"), ("one.tar", "linux/amd64")] {
            let words = verb.map { $0 == "IMAGE" ? image : $0 == "REF" ? "\(bench.pulls.name)/x:1" : $0 }
            let outcome = try bench.pulls.run(words + ["--platform", "linux/s390x"])
            #expect(outcome.status == 65)
            #expect(outcome.errors.contains("no image for linux/s390x"))
            #expect(outcome.errors.contains("choose a platform that it has: \(platforms)"))
        }
        #expect(try !bench.pulls.files().contains("x.tar"))
    }

    @Test("pull refuses another platform than --platform states, of an index and of an image")
    func pulls() throws {
        try bench.pulls.output(["push", "amd64.toml", "\(bench.pulls.name)/one:1", "--quiet"])
        for name in [index, "\(bench.pulls.name)/one:1"] {
            #expect(try bench.pulls.run(["pull", name, "--platform", "linux/s390x", "-o", "x.tar"]).status == 65)
        }
        let twice = try bench.pulls.run(["pull", index, "--platform", "linux/arm64", "--arch", "arm64"])
        #expect(twice.status == 64)
        #expect(twice.errors.contains("--platform replaces --os, --arch and --variant"))
    }

    @Test("--platform for specs alone, or without an architecture, is bad usage")
    func usage() throws {
        let spec = try bench.pulls.run(["inspect", "amd64.toml", "--platform", "linux/arm64"])
        #expect(spec.status == 64)
        #expect(spec.errors.contains("--set architecture=arm64"))
        #expect(try bench.pulls.run(["inspect", "docker://\(index)", "--platform", "arm64"]).status == 64)
    }

    @Test("tags lists the tags of a repository, and skopeo lists the same")
    func tags() throws {
        try bench.pulls.output(["push", "amd64.toml", "\(bench.pulls.name)/platforms:2", "-t", "latest", "--quiet"])
        let repository = "\(bench.pulls.name)/platforms"
        let theirs = try Program.output(["skopeo", "list-tags", "--tls-verify=false", "docker://\(repository)"])
        // In the registry's order.
        let listed = try JSONSerialization.jsonObject(with: Data(theirs)) as? [String: Any]
        let tags = try #require(listed?["Tags"] as? [String])
        #expect(tags.sorted() == ["1", "2", "latest"])
        #expect(try bench.pulls.output(["tags", repository]) == tags.map { "\($0)\n" }.joined())
        let json = try bench.pulls.output(["tags", "docker://\(repository)", "--json"])
        #expect(json == #"{"name":"\#(repository)","tags":["\#(tags.joined(separator: "\",\""))"]}"# + "\n")
        #expect(try bench.pulls.run(["tags", "\(repository):1"]).status == 64)
        #expect(try bench.pulls.run(["tags", "\(bench.pulls.name)/missing"]).status == 65)
        #expect(try bench.pulls.run(["tags", "127.0.0.1:1/app"]).status == 69)
    }
}
