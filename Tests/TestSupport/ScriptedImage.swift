import Foundation
import OCI

/// A small image as a registry stores it. The contents of its layers are random, and the same in every run.
package struct ScriptedImage: Sendable {
    /// The media type of the manifest.
    package static let manifestType = "application/vnd.docker.distribution.manifest.v2+json"

    /// The repository.
    package let name = "team/app"
    /// The tag of the manifest.
    package let tag = "1.0"
    /// The uncompressed tars of the layers.
    package let tars: [[UInt8]]
    /// All blobs by their digests (`sha256:…`).
    package let blobs: [String: [UInt8]]
    /// The digests of the compressed layers, in the manifest's order.
    package let layers: [String]
    /// The digest of the config.
    package let config: String
    /// The bytes of the manifest.
    package let manifest: [UInt8]
    /// The digest of the manifest.
    package let manifestDigest: String

    /// Makes an image with a layer for each size.
    ///
    /// - Parameters:
    ///   - sizes: the size of the file in each layer, in bytes.
    ///   - change: changes the manifest before it is encoded.
    package init(
        sizes: [Int] = [200_000, 10, 3000], change: (inout [String: Any]) -> Void = { _ in }
    ) throws {
        var random = SeededGenerator(seed: 2026)
        var layers: [(digest: String, size: Int)] = []
        var tars: [[UInt8]] = []
        var blobs: [String: [UInt8]] = [:]
        func kept(_ bytes: [UInt8]) throws -> String {
            let digest = "\(try SHA256.digest(of: bytes))"
            blobs[digest] = bytes
            return digest
        }
        for (index, size) in sizes.enumerated() {
            let block = random.bytes(min(size, Self.block))
            let body = (0..<size / max(1, block.count)).flatMap { _ in block }
            let tar = try TestTar.files([("file\(index)", body + block.prefix(size - body.count))])
            let file = try Program.output(["gzip", "-1n"], input: tar)
            tars.append(tar)
            layers.append((try kept(file), file.count))
        }
        let config = try Self.json([
            "architecture": "amd64", "os": "linux", "config": [String: Any](),
            "rootfs": ["type": "layers", "diff_ids": tars.map { "\(try SHA256.digest(of: $0))" }] as [String: Any],
        ])
        let configDigest = try kept(config)
        let layerType = "application/vnd.docker.image.rootfs.diff.tar.gzip"
        let configType = "application/vnd.docker.container.image.v1+json"
        var manifest: [String: Any] = [
            "schemaVersion": 2, "mediaType": Self.manifestType,
            "config": ["mediaType": configType, "digest": configDigest, "size": config.count] as [String: Any],
            "layers": layers.map { ["mediaType": layerType, "digest": $0.digest, "size": $0.size] as [String: Any] },
        ]
        change(&manifest)
        self.tars = tars
        self.blobs = blobs
        self.config = configDigest
        self.layers = layers.map(\.digest)
        self.manifest = try Self.json(manifest)
        manifestDigest = "\(try SHA256.digest(of: self.manifest))"
    }

    /// The size in bytes of the block that larger files repeat: more than the 32 KiB of gzip's window.
    private static let block = 256 * 1024

    private static func json(_ value: [String: Any]) throws -> [UInt8] {
        [UInt8](try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes]))
    }
}
