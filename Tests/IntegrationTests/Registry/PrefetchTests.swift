import Foundation
import TestSupport
import Testing

@Suite("prefetch")
struct PrefetchTests {
    private let bench: PullFixture
    private let digest: String
    private var name: String { bench.name }

    init() throws {
        bench = try PullFixture()
        digest = try bench.push("prefetched/app:1.11", layers: ["one", "two"]).digest
        try bench.push(bench.source("prefetched/app:1.11"), to: "prefetched/app:latest")
    }

    /// The Nix attribute set for the image under a name in the archive.
    private func set(_ final: String, _ tag: String) throws -> String {
        let path = "\(UUID().uuidString).tar"
        try bench.archive("prefetched/app@\(digest)", as: "\(final):\(tag)", to: path)
        return """
            {
              imageName = "\(name)/prefetched/app";
              imageDigest = "\(digest)";
              sha256 = "\(try bench.nixHash(path, "base32"))";
              finalImageName = "\(final)";
              finalImageTag = "\(tag)";
            }

            """
    }

    @Test("prefetch prints the set of nix-prefetch-docker, for every form of image name")
    func nix() throws {
        let image = "\(name)/prefetched/app"
        let tagged = try set(image, "1.11")
        let latest = try set(image, "latest")
        for (arguments, expected) in [
            ([image, "1.11"], tagged), (["\(image):1.11"], tagged),
            (["--image-name", image, "--image-tag", "1.11"], tagged), ([image], latest), ([image, digest], latest),
            (["\(image)@\(digest)"], latest), (["docker://\(image)"], latest),
            (["--image-name", image, "--image-digest", digest, "--image-tag", "1.11"], tagged),
        ] {
            let outcome = try bench.run(["prefetch", "--quiet"] + arguments)
            #expect(outcome.text == expected)
            #expect(outcome.errors.isEmpty)
        }
        let renamed = try bench.output([
            "prefetch", image, "1.11", "--final-image-name", "nix", "--final-image-tag", "x",
        ])
        #expect(try renamed == set("nix", "x"))
    }

    @Test("--json prints an object with the values of the Nix set")
    func json() throws {
        let image = "\(name)/prefetched/app"
        let text = try bench.output(["prefetch", image, "1.11", "--json"])
        let read = try Program.output(
            ["nix-instantiate", "--eval", "--strict", "--json", "-"], input: Array(set(image, "1.11").utf8))
        func object(_ bytes: [UInt8]) throws -> [String: String]? {
            try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: String]
        }
        #expect(try object(Array(text.utf8)) == object(read))
        let names = text.matches(of: /"(\w+)":/).map { String($0.output.1) }
        #expect(names == ["imageName", "imageDigest", "sha256", "finalImageName", "finalImageTag"])
    }

    @Test("The set names the architecture if it is not pullImage's default")
    func architecture() throws {
        try bench.push("prefetched/arm:1", architecture: "arm64", layers: ["one"])
        let text = try bench.output(["prefetch", "\(name)/prefetched/arm:1", "--arch", "arm64"])
        #expect(text.hasSuffix("  finalImageTag = \"1\";\n  arch = \"arm64\";\n}\n"))
    }

    @Test("Missing and contradictory arguments are bad usage")
    func usage() throws {
        let image = "\(name)/prefetched/app"
        for arguments in [
            [], [image, "1", "--image-tag", "2"], [image, "--image-name", image], ["\(image):1", "2"],
            ["\(image)@\(digest)", digest], [image, "--json", "--spec", "toml"], [image, "sha256:abc"], [image, "-x"],
            ["UPPER/\(image)"], [image, "--arch", "amd46"],
        ] {
            let outcome = try bench.run(["prefetch"] + arguments)
            #expect(outcome.status == 64, "\(arguments)")
            #expect(outcome.output.isEmpty)
        }
    }
}
