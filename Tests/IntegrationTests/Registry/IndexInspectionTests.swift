import Foundation
import TestSupport
import Testing

@Suite("inspect of an index")
struct IndexInspectionTests {
    private let bench: PushFixture
    /// The name of an index for linux/amd64 and linux/arm64.
    private let index: String
    /// The same index in a layout and in an archive, as skopeo writes them.
    private let layout: String
    private let archive: String

    init() throws {
        bench = try PushFixture()
        index = try bench.pushIndex(to: "inspected:1")
        (layout, archive) = ("oci:\(bench.directory.path("layout")):one", bench.directory.path("archive.tar"))
        for copy in [layout, "oci-archive:\(archive):one"] {
            try Program.output([
                "skopeo", "--insecure-policy", "copy", "--quiet", "--all", "--src-tls-verify=false",
                "docker://\(index)",
                copy,
            ])
        }
    }

    private var places: [String] { ["docker://\(index)", layout, archive, "\(archive)#one"] }

    private func skopeo(_ name: String) throws -> [UInt8] {
        try Program.output(["skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)"])
    }

    private struct Shown: Decodable {
        struct Blob: Decodable { let digest: String, size: Int, mediaType: String }
        struct Entry: Decodable {
            let platform: String?, digest: String, mediaType: String, size: Int?
            let annotations: [String: String], config: Blob?, layers: [Blob]
            let artifactType: String?, subject: String?
        }
        let names: [String], digest: String, mediaType: String, annotations: [String: String]
        let manifests: [Entry], artifacts: [Entry]
    }

    private func shown(_ image: String) throws -> Shown {
        let output = try bench.pulls.output(["inspect", image, "--json"])
        return try JSONDecoder().decode(Shown.self, from: Data(output.utf8))
    }

    private struct Manifest: Decodable {
        struct Blob: Decodable { let digest: String, size: Int }
        let config: Blob, layers: [Blob]
    }

    @Test("shows platforms, digests and stored sizes, the same in a registry, a layout and an archive")
    func contents() throws {
        let raw = try skopeo(index)
        for place in places {
            let shown = try shown(place)
            #expect(shown.names == [place.hasPrefix("docker") ? index : "one"])
            #expect(shown.digest == "sha256:\(try sha256(raw))")
            #expect(shown.mediaType == "application/vnd.oci.image.index.v1+json")
            #expect(shown.manifests.map(\.platform) == ["linux/amd64", "linux/arm64"])
            #expect(shown.artifacts.isEmpty)
            for entry in shown.manifests {
                let repository = index.dropLast(2)
                let bytes = try skopeo("\(repository)@\(entry.digest)")
                let manifest = try JSONDecoder().decode(Manifest.self, from: Data(bytes))
                #expect(entry.config?.digest == manifest.config.digest)
                #expect(entry.layers.map(\.digest) == manifest.layers.map(\.digest))
                #expect(entry.size == manifest.layers.reduce(manifest.config.size) { $0 + $1.size })
            }
            let text = try bench.pulls.output(["inspect", place])
            for entry in shown.manifests { #expect(text.contains(entry.digest)) }
            #expect(text.contains("\nPLATFORM "))
        }
    }

    private func sha256(_ bytes: [UInt8]) throws -> String {
        String(decoding: try Program.output(["sha256sum"], input: bytes).prefix(64), as: UTF8.self)
    }

    @Test("--raw prints the exact bytes of the index, and with --platform those of the manifest")
    func raw() throws {
        let raw = try skopeo(index)
        let arm64 = try #require(shown("docker://\(index)").manifests.last).digest
        for place in places {
            #expect(try bench.pulls.run(["inspect", place, "--raw"]).output == raw)
            let one = try bench.pulls.run(["inspect", place, "--raw", "--platform", "linux/arm64"])
            #expect(try one.output == skopeo("\(index.dropLast(2))@\(arm64)"))
            #expect(try bench.pulls.run(["inspect", place, "--raw", "--platform", "linux/s390x"]).status == 65)
        }
        let piped = try bench.pulls.run(["inspect", "-", "--raw"], input: bench.directory.read("archive.tar"))
        #expect(piped.output == raw)
    }

    @Test("--raw is refused for a docker-archive and a spec, and beside --json")
    func notRaw() throws {
        try bench.pulls.output(["build", "amd64.toml", "-o", "one.tar", "--quiet"])
        for image in ["one.tar", "amd64.toml"] {
            let outcome = try bench.pulls.run(["inspect", image, "--raw"])
            #expect(outcome.status == 65)
            #expect(outcome.errors.contains("cannot show the manifest of '\(image)'"))
        }
        #expect(try bench.pulls.run(["inspect", "one.tar", "--raw", "--json"]).status == 64)
        #expect(try bench.pulls.run(["inspect", "\(archive)#two", "--raw"]).status == 65)
    }

    @Test("lists artifacts with their types and what they are about")
    func artifacts() throws {
        let parsed = try #require(
            JSONSerialization.jsonObject(with: Data(skopeo(index))) as? [String: Any])
        var entries = try #require(parsed["manifests"] as? [[String: Any]])
        let subject = entries[0]
        let name = String(index.dropFirst(bench.registry.name.count + 1).dropLast(2))
        let empty = try #require(shown("docker://\(index)").manifests.first?.config)
        let artifact: [String: Any] = [
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactType": "application/spdx+json",
            "config": ["mediaType": "application/vnd.oci.empty.v1+json", "digest": empty.digest, "size": empty.size]
                as [String: Any],
            "layers": [Any](), "subject": subject,
        ]
        let bytes = try JSONSerialization.data(withJSONObject: artifact)
        let digest = try bench.registry.put(
            String(decoding: bytes, as: UTF8.self), "application/vnd.oci.image.manifest.v1+json", as: "\(name):sbom")
        entries.append([
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": bytes.count,
            "annotations": ["kind": "sbom"],
        ])
        let whole: [String: Any] = [
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries,
            "annotations": ["title": "x"],
        ]
        let text = String(decoding: try JSONSerialization.data(withJSONObject: whole), as: UTF8.self)
        try bench.registry.put(text, "application/vnd.oci.image.index.v1+json", as: "\(name):2")
        let shown = try shown("docker://\(bench.registry.name)/\(name):2")
        #expect(shown.annotations == ["title": "x"])
        #expect(shown.manifests.count == 2)
        #expect(shown.artifacts.map(\.digest) == [digest])
        #expect(shown.artifacts.first?.artifactType == "application/spdx+json")
        #expect(shown.artifacts.first?.subject == subject["digest"] as? String)
        #expect(shown.artifacts.first?.annotations == ["kind": "sbom"])
    }

    @Test("shows the image of a manifest as before, and a layout of several images its first")
    func images() throws {
        try bench.pulls.output(["layered", "amd64.toml", "-o", "a.oci", "--quiet"])
        try bench.pulls.output(["layered", "arm64.toml", "--set", "name=other", "-o", "b.oci", "--quiet"])
        try bench.pulls.output(["merge", "a.oci", "b.oci", "-o", "both.oci", "--quiet"])
        for image in ["a.oci", "both.oci"] {
            #expect(try bench.pulls.output(["inspect", image]).contains("architecture  amd64"))
        }
        let manifest = try bench.pulls.run(["inspect", "a.oci", "--raw"]).output
        #expect(
            try bench.pulls.run(["inspect", "both.oci", "--raw"]).output == bench.directory.read("both.oci/index.json"))
        #expect(String(decoding: manifest, as: UTF8.self).contains("image.config.v1+json"))
    }
}
