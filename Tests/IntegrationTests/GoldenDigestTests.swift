import Foundation
import TestSupport
import Testing

/// A command whose output must have the same bytes in every version of the program that has the same `formatVersion`.
struct GoldenCase: Sendable, CustomTestStringConvertible {
    /// The key of its digest in Fixtures/golden/digests.json.
    let name: String
    /// Run by bash in a copy of Fixtures. The digest is that of its standard output.
    let script: String

    var testDescription: String { name }

    // Compressed archives are compared uncompressed: their bytes also depend on the versions of libdeflate and libzstd.
    static let all = [
        GoldenCase(name: "layered", script: "dockertools layered greeting.toml --compressor none -o -"),
        GoldenCase(
            name: "layered with gzip", script: "dockertools layered greeting.toml --compressor gz -o - | gzip -dc"),
        GoldenCase(
            name: "layered with zstd", script: "dockertools layered greeting.toml --compressor zstd -o - | zstd -dc"),
        GoldenCase(
            name: "layered by size",
            script: "dockertools layered greeting.toml --set layering=size --compressor none -o -"),
        GoldenCase(name: "layered with few layers", script: "dockertools stream greeting.toml --set maxLayers=3"),
        GoldenCase(
            name: "layered on a base",
            script:
                "dockertools stream hello.toml --set fromImage=greeting.toml --set architecture=amd64 --set maxLayers=10"
        ),
        GoldenCase(name: "stream of TOML", script: "dockertools stream hello.toml --set architecture=amd64"),
        GoldenCase(name: "stream of JSON", script: "dockertools stream hello.json --set architecture=amd64"),
        GoldenCase(name: "owners, times and modes", script: "dockertools stream golden/owners.toml"),
        GoldenCase(
            name: "build", script: "dockertools build golden/owners.toml --compressor none -o -"),
        GoldenCase(name: "build on a spec", script: "dockertools build golden/base.toml --compressor none -o -"),
        GoldenCase(
            name: "build on an archive",
            script: """
                dockertools layered greeting.toml -o greeting.tar.gz > made
                dockertools build motd.toml --set fromImage=greeting.tar.gz --compressor none -o -
                """),
        GoldenCase(
            name: "scripts under root emulation", script: "dockertools stream service.toml --set architecture=amd64"),
        GoldenCase(
            name: "oci-archive",
            script: "dockertools layered greeting.toml --format oci-archive --compressor none -o -"),
        GoldenCase(
            name: "oci-layout",
            script: """
                dockertools build golden/base.toml --format oci-layout --compressor none -o layout > made
                cd layout && find . -type f | LC_ALL=C sort | xargs sha256sum
                """),
        GoldenCase(name: "export", script: "dockertools export golden/base.toml -o -"),
        GoldenCase(
            name: "merge",
            script: """
                dockertools layered greeting.toml -o greeting.tar.gz > made
                dockertools build motd.toml --compressor zstd -o motd.tar.zst > made
                dockertools merge greeting.tar.gz motd.tar.zst -o -
                """),
        GoldenCase(
            name: "pull",
            script: """
                dockertools push greeting.toml "$REGISTRY/golden/greeting:1.0" --compressor none > made
                dockertools pull "$REGISTRY/golden/greeting:1.0" --final-image-name golden -o -
                """),
        GoldenCase(
            name: "push",
            script: """
                dockertools push golden/base.toml "$REGISTRY/golden/base:2" --compressor none | sed 's/.*@//'
                """),
        GoldenCase(name: "plan", script: "dockertools plan golden/owners.toml --json"),
    ]
}

/// The digests that the program gave when its formats were last changed.
private struct GoldenDigests: Decodable {
    let formatVersion: Int
    let digests: [String: String]

    static func read() throws -> GoldenDigests {
        let path = "\(Dockertools.checkout)/Fixtures/golden/digests.json"
        return try JSONDecoder().decode(GoldenDigests.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }
}

@Suite("Golden digests")
struct GoldenDigestTests {
    @Test("The bytes of an output change only with formatVersion", arguments: GoldenCase.all)
    func bytesStay(_ golden: GoldenCase) throws {
        let (directory, fixtures) = try Dockertools.fixtures()
        let environment = fixtures.merging(["REGISTRY": try RegistryServer.shared.name]) { $1 }
        let script = "set -euo pipefail; { \(golden.script)\n} | sha256sum | cut -c 1-64"
        let outcome = try Program.run(["bash", "-c", script], environment: environment, in: directory.path)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let digest = "sha256:" + outcome.text.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(try digest == GoldenDigests.read().digests[golden.name])
    }

    @Test("formatVersion is that of the digests, and the changelog describes it")
    func formatVersionIsDocumented() throws {
        let golden = try GoldenDigests.read()
        #expect(Set(golden.digests.keys) == Set(GoldenCase.all.map(\.name)))
        let checkout = Dockertools.checkout
        let source = try String(contentsOfFile: "\(checkout)/Sources/OCI/FormatVersion.swift", encoding: .utf8)
        #expect(source.contains("let formatVersion = \(golden.formatVersion)\n"))
        let changelog = try String(contentsOfFile: "\(checkout)/CHANGELOG.md", encoding: .utf8)
        #expect(changelog.contains("formatVersion \(golden.formatVersion)"))
    }
}
