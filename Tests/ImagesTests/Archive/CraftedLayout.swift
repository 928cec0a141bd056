import Foundation
import OCI
import TestSupport

/// The files of an OCI layout that a test makes. It is valid, unless the test makes a part of it invalid.
struct CraftedLayout {
    static let manifestType = "application/vnd.oci.image.manifest.v1+json"
    static let indexType = "application/vnd.oci.image.index.v1+json"
    static let configType = "application/vnd.oci.image.config.v1+json"
    static let layerType = "application/vnd.oci.image.layer.v1.tar"

    var files: [String: [UInt8]] = ["oci-layout": Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)]

    /// Adds a blob.
    ///
    /// - Parameters:
    ///   - digest: the digest that the descriptor states; nil for the actual one.
    ///   - more: further members of the descriptor: `,"annotations":{}`.
    /// - Returns: its descriptor.
    mutating func blob(
        _ bytes: [UInt8], _ mediaType: String, as digest: Digest? = nil, size: Int? = nil, more: String = ""
    ) throws -> String {
        let digest = try digest ?? SHA256.digest(of: bytes)
        files["blobs/sha256/\(digest.hex)"] = bytes
        return #"{"mediaType":"\#(mediaType)","digest":"\#(digest)","size":\#(size ?? bytes.count)\#(more)}"#
    }

    /// Adds an image.
    ///
    /// - Parameter layers: the stored bytes of each layer, and its diffID; nil for the digest of the stored bytes.
    /// - Returns: the descriptor of its manifest.
    mutating func image(
        _ layers: [(stored: [UInt8], diffID: Digest?)], architecture: String = "amd64", more: String = ""
    ) throws -> String {
        let diffIDs = try layers.map { try $0.diffID ?? SHA256.digest(of: $0.stored) }
        let config = try blob(Self.config(diffIDs, architecture: architecture), Self.configType)
        let layers = try layers.map { try blob($0.stored, Self.layerType) }
        return try blob(Self.manifest(config: config, layers: layers), Self.manifestType, more: more)
    }

    /// Writes `index.json`.
    mutating func index(_ descriptors: String...) { files["index.json"] = Self.index(descriptors) }

    static func index(_ descriptors: [String]) -> [UInt8] {
        Array(#"{"schemaVersion":2,"manifests":[\#(descriptors.joined(separator: ","))]}"#.utf8)
    }

    static func manifest(config: String, layers: [String]) -> [UInt8] {
        Array(#"{"schemaVersion":2,"config":\#(config),"layers":[\#(layers.joined(separator: ","))]}"#.utf8)
    }

    static func config(_ diffIDs: [Digest], architecture: String = "amd64") -> [UInt8] {
        let ids = diffIDs.map { "\"\($0)\"" }.joined(separator: ",")
        return Array(
            #"{"architecture":"\#(architecture)","os":"linux","rootfs":{"type":"layers","diff_ids":[\#(ids)]}}"#.utf8)
    }

    static func named(_ name: String) -> String {
        #","annotations":{"org.opencontainers.image.ref.name":"\#(name)"}"#
    }

    static func platform(_ os: String, _ architecture: String) -> String {
        #","platform":{"os":"\#(os)","architecture":"\#(architecture)"}"#
    }

    /// The layout as a tar.
    func tar() throws -> [UInt8] {
        try TestTar.files(files.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    /// Writes the layout as a directory.
    func write(to directory: TemporaryDirectory, _ name: String = "layout") throws {
        try FileManager.default.createDirectory(
            atPath: directory.path("\(name)/blobs/sha256"), withIntermediateDirectories: true)
        for (path, bytes) in files { try directory.write(bytes, to: "\(name)/\(path)") }
    }
}
