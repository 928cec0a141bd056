import Errors
import Foundation
import TestSupport
import Testing

@testable import OCI
@testable import Registry

@Suite("Manifest verification")
struct ManifestVerificationTests {
    private let fixture: PullFixture

    init() throws {
        fixture = try PullFixture()
    }

    /// Reads the image by its tag, or by another reference.
    private func failure(_ registry: ScriptedRegistry, _ reference: String? = nil) throws -> ToolError {
        try #require(throws: ToolError.self) { try fixture.image(reference ?? registry.reference) }
    }

    /// The error for a given manifest.
    private func failure(
        type: String = ScriptedImage.manifestType, manifest: [UInt8]
    ) throws -> ToolError {
        let registry = try ScriptedRegistry(ScriptedImage(sizes: [1])) { request, correct, _ in
            request.path.contains("/manifests/")
                ? ScriptedServer.Response(200, [("Content-Type", type)], body: manifest) : correct
        }
        return try failure(registry)
    }

    private func failure(_ change: (inout [String: Any]) -> Void) throws -> ToolError {
        try failure(ScriptedRegistry(ScriptedImage(change: change)))
    }

    @Test("accepts a correct manifest") func correct() throws {
        let registry = try ScriptedRegistry(ScriptedImage())
        let image = registry.image
        for reference in [image.tag, image.manifestDigest] {
            let separator = reference.contains(":") ? "@" : ":"
            let read = try fixture.image("\(registry.authority)/\(image.name)\(separator)\(reference)")
            #expect(read.imageID.description == image.config)
            #expect(read.archivedLayers.map { $0.digest?.description } == image.layers)
        }
        let manifests = registry.requests.filter { $0.path.contains("/manifests/") }
        #expect(manifests.map(\.method) == ["GET", "GET"])
        #expect(manifests[0].headers["accept"]?.contains(ScriptedImage.manifestType) == true)
        #expect(manifests[0].headers["authorization"] == nil)
        #expect(registry.requests.allSatisfy { !$0.path.hasPrefix("/v2/_catalog") && !$0.path.hasSuffix("/list") })
    }

    @Test("rejects a digest other than the requested or announced one") func digest() throws {
        let other = try ScriptedImage(sizes: [5])
        let registry = try ScriptedRegistry(ScriptedImage()) { request, correct, _ in
            var response = correct
            if request.path.contains("/manifests/") { response.body = other.manifest }
            return response
        }
        let wanted = registry.image.manifestDigest
        for separator in [":1.0", "@\(wanted)"] {
            let failure = try failure(registry, "\(registry.authority)/team/app\(separator)")
            #expect(failure.code == .data)
            #expect(failure.cause.hasSuffix("has the digest \(other.manifestDigest), and should have \(wanted)"))
        }
        #expect(fixture.names("sha256").isEmpty)
    }

    @Test("accepts a tag's manifest without an announced digest")
    func noDigest() throws {
        for digest in [nil, "sha512:" + String(repeating: "0", count: 128), "sha256:../../x"] {
            let registry = try ScriptedRegistry(ScriptedImage()) { request, correct, _ in
                var response = correct
                response.headers.removeAll { $0.0 == "Docker-Content-Digest" }
                if let digest { response.headers.append(("Docker-Content-Digest", digest)) }
                if request.path.contains("/manifests/") { response.length = .missing }
                return response
            }
            #expect(try fixture.image(registry.reference).imageID.description == registry.image.config)
        }
    }

    @Test("rejects contradicting media types") func types() throws {
        let index = "application/vnd.oci.image.index.v1+json"
        let mismatch = try failure(type: "\(index); charset=utf-8", manifest: ScriptedImage(sizes: [1]).manifest)
        #expect(mismatch.code == .data)
        #expect(
            mismatch.cause.hasSuffix(
                "calls itself '\(ScriptedImage.manifestType)', and the registry calls it '\(index)'"))
        let registry = try ScriptedRegistry(ScriptedImage()) { _, correct, _ in
            var response = correct
            response.headers = response.headers.map { $0.0 == "Content-Type" ? ($0.0, "text/plain") : $0 }
            return response
        }
        #expect(try fixture.image(registry.reference).imageID.description == registry.image.config)
    }

    @Test("prints no control characters of a media type") func escapes() throws {
        for own in ["a\u{1B}[2Jb", "application/vnd.docker.distribution.manifest.v1+x\u{1B}]0;y\u{7}"] {
            let text = #"{"schemaVersion": 2, "mediaType": "\#(own)", "layers": []}"#
                .replacing("\u{1B}", with: #"\u001b"#).replacing("\u{7}", with: #"\u0007"#)
            for type in [ScriptedImage.manifestType, "text/plain"] {
                let failure = try failure(type: type, manifest: Array(text.utf8))
                #expect(failure.code == .data)
                #expect(failure.description.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
            }
        }
    }

    @Test("rejects a manifest that is also an index") func both() throws {
        let own = try failure { $0["manifests"] = [Any]() }
        #expect(own.code == .data)
        #expect(own.cause.contains("has both manifests and layers"))
        let untyped = try failure(type: "", manifest: Array(#"{"schemaVersion":2,"manifests":[],"layers":[]}"#.utf8))
        #expect(untyped.code == .data)
        #expect(untyped.cause.contains("has both manifests and layers"))
    }

    @Test("rejects Docker's schema 1", arguments: [true, false]) func schema1(_ isTold: Bool) throws {
        let type = "application/vnd.docker.distribution.manifest.v1+prettyjws"
        let text = #"{"schemaVersion": \#(isTold ? 2 : 1), "name": "a", "fsLayers": []}"#
        let failure = try failure(type: isTold ? type : "application/json", manifest: Array(text.utf8))
        #expect(failure.code == .data)
        #expect(failure.cause.contains("is in Docker's schema 1"))
        #expect(failure.remedy.description.contains("have the image pushed again"))
    }

    @Test("rejects a manifest over 4 MiB, or an endless one") func size() throws {
        let large = [UInt8](repeating: UInt8(ascii: " "), count: 4 << 20) + [0x7B]
        #expect(try failure(manifest: large).cause.hasSuffix("has more than the limit of 4194304 bytes"))
        let registry = try ScriptedRegistry(ScriptedImage(sizes: [1])) { _, _, _ in
            var response = ScriptedServer.Response(200, body: [UInt8](repeating: 0x20, count: 1 << 16))
            response.isEndless = true
            return response
        }
        let endless = try failure(registry)
        #expect(endless.code == .data)
        #expect(endless.cause.hasSuffix("has more than the limit of 4194304 bytes"))
    }

    @Test(
        "rejects other JSON and HTML",
        arguments: ["", "<html></html>", "[]", "null", "{}", #"{"schemaVersion":2,"manifests":null}"#])
    func none(_ text: String) throws {
        #expect(try failure(type: "application/json", manifest: Array(text.utf8)).code == .data)
    }

    @Test("rejects deeply nested JSON") func depth() throws {
        let text = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)
        #expect(try failure(manifest: text).code == .data)
    }

    @Test(
        "rejects descriptors with invalid digests",
        arguments: [
            "sha256:../../../etc/passwd", "sha256:" + String(repeating: "A", count: 64), "sha256:",
            "sha512:" + String(repeating: "0", count: 128), "sha256:" + String(repeating: "0", count: 63) + "/",
        ])
    func digests(_ digest: String) throws {
        for key in ["config", "layers"] {
            let registry = try ScriptedRegistry(
                ScriptedImage { manifest in
                    let descriptor = ["mediaType": "a/b", "digest": digest, "size": 1] as [String: Any]
                    manifest[key] = key == "config" ? descriptor : Array(repeating: descriptor, count: 3)
                })
            let failure = try failure(registry)
            #expect(failure.code == .data)
            #expect(failure.cause.contains("expected 'sha256:' and 64 digits 0-9 a-f"))
            #expect(registry.requests.allSatisfy { !$0.target.contains("..") && !$0.target.hasSuffix(digest) })
        }
    }

    @Test("rejects invalid sizes, and those over a config's limit") func sizes() throws {
        let sizes: [Any] = [-1, 1.5, 1e300, "7", NSNull()]
        for size in sizes {
            let failure = try failure { manifest in
                var config = manifest["config"] as? [String: Any]
                config?["size"] = size
                manifest["config"] = config
            }
            #expect(failure.code == .data)
        }
        let large = try failure { manifest in
            var config = manifest["config"] as? [String: Any]
            config?["size"] = 5 << 20
            manifest["config"] = config
        }
        #expect(large.code == .data)
        #expect(large.cause.hasSuffix("has 5242880 bytes, more than the limit of 4194304"))
    }

    @Test("rejects another number of layers than in the config") func count() throws {
        let failure = try failure { manifest in
            manifest["layers"] = Array((manifest["layers"] as? [Any] ?? []).dropLast())
        }
        #expect(failure.code == .data)
        #expect(failure.cause.hasSuffix("has 2 layers, but its config has 3 diff_ids"))
    }

    @Test("reports a missing manifest") func missing() throws {
        let registry = try ScriptedRegistry(ScriptedImage(sizes: [1]))
        let failure = try failure(registry, "\(registry.authority)/team/other:1")
        #expect(failure.code == .data)
        #expect(
            failure.cause
                == "GET \(registry.url)/v2/team/other/manifests/1 returned 404: there is none")
        #expect(registry.requests.map(\.path) == ["/v2/team/other/manifests/1", "/v2/"])
    }

    @Test("asks for no encoding, and removes gzip that a server applies all the same") func encoded() throws {
        let registry = try ScriptedRegistry(ScriptedImage(sizes: [1])) { request, correct, _ in
            guard correct.status == 200, request.method == "GET" else { return correct }
            var response = correct
            response.headers.append(("Content-Encoding", "gzip"))
            response.body = (try? Program.run(["gzip", "-nc"], input: correct.body).output) ?? []
            return response
        }
        #expect(try fixture.tars(registry.reference).count == 1)
        #expect(registry.requests.allSatisfy { $0.headers["accept-encoding"] == "identity" })
    }
}
