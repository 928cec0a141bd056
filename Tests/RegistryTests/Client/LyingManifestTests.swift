import Errors
import Foundation
@testable import OCI
@testable import Registry
import TestSupport
import Testing

@Suite("Manifests of a registry that lies")
struct LyingManifestTests {
    private let bench: PullFixture

    init() throws {
        bench = try PullFixture()
    }

    /// Reads the image by its tag, or by another reference.
    private func failure(_ registry: ImageServer, _ reference: String? = nil) throws -> ToolError {
        try #require(throws: ToolError.self) { try bench.image(reference ?? registry.reference) }
    }

    /// What comes of a manifest of the test's own.
    private func failure(
        type: String = ScriptedImage.manifestType, manifest: [UInt8]
    ) throws -> ToolError {
        let registry = try ImageServer(ScriptedImage(sizes: [1])) { request, honest, _ in
            request.path.contains("/manifests/")
                ? ScriptedServer.Answer(200, [("Content-Type", type)], body: manifest) : honest
        }
        return try failure(registry)
    }

    private func failure(_ change: (inout [String: Any]) -> Void) throws -> ToolError {
        try failure(ImageServer(ScriptedImage(change: change)))
    }

    @Test("are believed where they do not") func honest() throws {
        let registry = try ImageServer(ScriptedImage())
        let image = registry.image
        for reference in [image.tag, image.manifestDigest] {
            let separator = reference.contains(":") ? "@" : ":"
            let read = try bench.image("\(registry.authority)/\(image.name)\(separator)\(reference)")
            #expect(read.imageID.description == image.config)
            #expect(read.archivedLayers.map { $0.digest?.description } == image.layers)
        }
        let manifests = registry.requests.filter { $0.path.contains("/manifests/") }
        #expect(manifests.map(\.method) == ["GET", "GET"])
        #expect(manifests[0].headers["accept"]?.contains(ScriptedImage.manifestType) == true)
        #expect(manifests[0].headers["authorization"] == nil)
        #expect(registry.requests.allSatisfy { !$0.path.hasPrefix("/v2/_catalog") && !$0.path.hasSuffix("/list") })
    }

    @Test("have another digest than was asked for, or than the registry says") func digest() throws {
        let other = try ScriptedImage(sizes: [5])
        let registry = try ImageServer(ScriptedImage()) { request, honest, _ in
            var answer = honest
            if request.path.contains("/manifests/") { answer.body = other.manifest }
            return answer
        }
        let wanted = registry.image.manifestDigest
        for separator in [":1.0", "@\(wanted)"] {
            let failure = try failure(registry, "\(registry.authority)/team/app\(separator)")
            #expect(failure.code == .data)
            #expect(failure.cause.hasSuffix("has the digest \(other.manifestDigest), and should have \(wanted)"))
        }
        #expect(bench.names("sha256").isEmpty)
    }

    @Test("are believed by tag where the registry sends no digest along, or none that is known")
    func noDigest() throws {
        for digest in [nil, "sha512:" + String(repeating: "0", count: 128), "sha256:../../x"] {
            let registry = try ImageServer(ScriptedImage()) { request, honest, _ in
                var answer = honest
                answer.headers.removeAll { $0.0 == "Docker-Content-Digest" }
                if let digest { answer.headers.append(("Docker-Content-Digest", digest)) }
                if request.path.contains("/manifests/") { answer.length = .missing }
                return answer
            }
            #expect(try bench.image(registry.reference).imageID.description == registry.image.config)
        }
    }

    @Test("are called one thing by themselves, and another by the registry") func types() throws {
        let index = "application/vnd.oci.image.index.v1+json"
        let lie = try failure(type: "\(index); charset=utf-8", manifest: ScriptedImage(sizes: [1]).manifest)
        #expect(lie.code == .data)
        #expect(
            lie.cause.hasSuffix("calls itself '\(ScriptedImage.manifestType)', and the registry calls it '\(index)'"))
        let registry = try ImageServer(ScriptedImage()) { _, honest, _ in
            var answer = honest
            answer.headers = answer.headers.map { $0.0 == "Content-Type" ? ($0.0, "text/plain") : $0 }
            return answer
        }
        #expect(try bench.image(registry.reference).imageID.description == registry.image.config)
    }

    @Test("call themselves what a terminal would obey") func escapes() throws {
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

    @Test("are an index to the one and a manifest to the other") func both() throws {
        let own = try failure { $0["manifests"] = [Any]() }
        #expect(own.code == .data)
        #expect(own.cause.contains("has both manifests and layers"))
        let untyped = try failure(type: "", manifest: Array(#"{"schemaVersion":2,"manifests":[],"layers":[]}"#.utf8))
        #expect(untyped.code == .data)
        #expect(untyped.cause.contains("has both manifests and layers"))
    }

    @Test("are of Docker's schema 1", arguments: [true, false]) func schema1(_ isTold: Bool) throws {
        let type = "application/vnd.docker.distribution.manifest.v1+prettyjws"
        let text = #"{"schemaVersion": \#(isTold ? 2 : 1), "name": "a", "fsLayers": []}"#
        let failure = try failure(type: isTold ? type : "application/json", manifest: Array(text.utf8))
        #expect(failure.code == .data)
        #expect(failure.cause.contains("is in Docker's schema 1"))
        #expect(failure.remedy.description.contains("have the image pushed again"))
    }

    @Test("are larger than 4 MiB, or without end") func size() throws {
        let large = [UInt8](repeating: UInt8(ascii: " "), count: 4 << 20) + [0x7B]
        #expect(try failure(manifest: large).cause.hasSuffix("has more than the limit of 4194304 bytes"))
        let registry = try ImageServer(ScriptedImage(sizes: [1])) { _, _, _ in
            var answer = ScriptedServer.Answer(200, body: [UInt8](repeating: 0x20, count: 1 << 16))
            answer.isEndless = true
            return answer
        }
        let endless = try failure(registry)
        #expect(endless.code == .data)
        #expect(endless.cause.hasSuffix("has more than the limit of 4194304 bytes"))
    }

    @Test(
        "are none",
        arguments: ["", "<html></html>", "[]", "null", "{}", #"{"schemaVersion":2,"manifests":null}"#])
    func none(_ text: String) throws {
        #expect(try failure(type: "application/json", manifest: Array(text.utf8)).code == .data)
    }

    @Test("lie very deep in themselves") func depth() throws {
        let text = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)
        #expect(try failure(manifest: text).code == .data)
    }

    @Test(
        "name blobs by what is no digest",
        arguments: [
            "sha256:../../../etc/passwd", "sha256:" + String(repeating: "A", count: 64), "sha256:",
            "sha512:" + String(repeating: "0", count: 128), "sha256:" + String(repeating: "0", count: 63) + "/",
        ])
    func digests(_ digest: String) throws {
        for key in ["config", "layers"] {
            let registry = try ImageServer(
                ScriptedImage { manifest in
                    let descriptor = ["mediaType": "a/b", "digest": digest, "size": 1] as [String: Any]
                    manifest[key] = key == "config" ? descriptor : Array(repeating: descriptor, count: 3)
                })
            let failure = try failure(registry)
            #expect(failure.code == .data)
            #expect(failure.cause.contains("and not 'sha256:' and 64 digits 0-9 a-f"))
            #expect(registry.requests.allSatisfy { !$0.target.contains("..") && !$0.target.hasSuffix(digest) })
        }
    }

    @Test("tell sizes that are none, or that no config has") func sizes() throws {
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

    @Test("have another number of layers than their config") func count() throws {
        let failure = try failure { manifest in
            manifest["layers"] = Array((manifest["layers"] as? [Any] ?? []).dropLast())
        }
        #expect(failure.code == .data)
        #expect(failure.cause.hasSuffix("has 2 layers, and its config has 3 diff_ids"))
    }

    @Test("are not there") func missing() throws {
        let registry = try ImageServer(ScriptedImage(sizes: [1]))
        let failure = try failure(registry, "\(registry.authority)/team/other:1")
        #expect(failure.code == .data)
        #expect(
            failure.cause
                == "GET \(registry.url)/v2/team/other/manifests/1 returned 404: there is none")
        #expect(registry.requests.count == 1)
    }
}
