import ByteIO
import Images
import OCI
import Store

enum StorePathOfTests {
    static let path = StorePath(baseName: String(repeating: "a", count: 32) + "-one", storeDir: "/nix/store")
}

/// An image without layers, with any names.
struct NamedImage: Image {
    var names: [ImageName]
    var name: String? { names.first?.name }
    var layers: [any Layer] { [] }
    func names(imageID: Digest) -> [ImageName] { names }
    var config: ImageConfig { ImageConfig(created: "", architecture: "amd64", runtime: [:], history: []) }
}

/// A layer that fails while it is written.
struct FailingLayer: Layer, OpenLayer {
    struct Fails: Error {}

    var storePaths: [StorePath] { [StorePathOfTests.path].compactMap { $0 } }
    var title: String { "failing" }
    func open() -> any OpenLayer { self }
    var size: UInt64 { 10240 }
    var knownDiffID: Digest? { nil }

    func write(to sink: any ByteSink) throws {
        try sink.write([UInt8](repeating: 1, count: 512))
        throw Fails()
    }

    func remember(_ diffID: Digest) {}
    func uncompressedTar(spool: SpoolDirectory, needsBodies: Bool) throws -> FileRange { throw Fails() }
    func verify() {}
}
