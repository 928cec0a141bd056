package import ByteIO
package import Compression
import Errors
package import OCI
package import Store
import Tar

/// A layer of an image, wherever its bytes come from.
package protocol Layer: Sendable {
    /// The store paths in the layer, in the order of the tar; empty for layers of a base and for customization layers.
    var storePaths: [StorePath] { get }

    /// A short description for progress messages.
    var title: String { get }

    /// The layer's name in errors: `the layer 'layer.tar' of 'base.tar'`.
    var displayName: String { get }

    /// The digest of the uncompressed tar, if it is known before the layer is opened. A stored layer has the one that
    /// its config states, which has not been verified yet.
    var diffID: Digest? { get }

    /// The size in bytes of the file that the layer is stored in, compressed or not; nil for a layer that is still to
    /// be made.
    var storedSize: UInt64? { get }

    /// The blob that the layer is stored as, by the manifest that lists it; nil for a layer that is still to be made,
    /// or is not listed in an OCI manifest.
    var descriptor: Descriptor? { get }

    /// The key of a layer of store paths, from which its digest can be found without reading a file; nil for other
    /// layers.
    var key: LayerKey? { get }

    /// Starts fetching a layer that is stored on another machine: it is about to be opened.
    func prefetch()

    /// Reads what the layer is made of, but not the contents of the files. A stored layer is decompressed.
    func open() throws -> any OpenLayer

    /// The stored bytes, if they are compressed by `compressor` already and can be copied as they are.
    func storedBlob(compressedBy compressor: Compressor) throws -> FileRange?
}

extension Layer {
    package var displayName: String { "the layer \(title)" }
    package var diffID: Digest? { nil }
    package var storedSize: UInt64? { nil }
    package var descriptor: Descriptor? { nil }
    package var key: LayerKey? { nil }

    package func prefetch() {}

    package func storedBlob(compressedBy compressor: Compressor) throws -> FileRange? { nil }
}

/// A layer that has been opened, so that its size is known.
package protocol OpenLayer: Sendable {
    /// The size of the uncompressed tar in bytes.
    var size: UInt64 { get }

    /// The digest of the uncompressed tar, if it is known without reading the files.
    var knownDiffID: Digest? { get }

    /// Writes the uncompressed tar.
    ///
    /// - Throws: `ToolError` with code `data` if the bytes do not have the digest `knownDiffID`.
    func write(to sink: any ByteSink) throws

    /// Caches the digest that a `write` resulted in.
    func remember(_ diffID: Digest)

    /// The uncompressed tar as part of a file, for readers that access it in any order. Its digest has not been
    /// verified: `verify` does that.
    ///
    /// - Parameters:
    ///   - spool: where the tar is written if it is not in a file yet.
    ///   - needsBodies: whether the contents of the files are needed; if not, the bodies in the tar are undefined.
    func uncompressedTar(spool: SpoolDirectory, needsBodies: Bool) throws -> FileRange

    /// Compares the digest of the uncompressed tar with the one that the config states.
    ///
    /// - Throws: `ToolError` with code `data` that states both digests if they differ.
    func verify() throws
}

extension OpenLayer {
    /// The digest of the uncompressed tar. The files are read if it is not known.
    package func diffID() throws -> Digest {
        try knownDiffID ?? hash(to: nil)
    }

    /// Writes the uncompressed tar, and hashes it on the way unless its digest is known.
    ///
    /// - Parameter known: the digest; nil if it is not known.
    /// - Returns: the digest.
    /// - Throws: as `write(to:)` does.
    package func write(to sink: any ByteSink, known: Digest?) throws -> Digest {
        guard let known else { return try hash(to: sink) }
        try write(to: sink)
        return known
    }

    private func hash(to sink: (any ByteSink)?) throws -> Digest {
        let hash = try HashSink(to: sink)
        try write(to: hash)
        let diffID = try hash.finish()
        remember(diffID)
        return diffID
    }
}

extension ByteSink {
    /// Writes a layer whose digest is known from an earlier reading, and requires the same bytes.
    ///
    /// - Parameters:
    ///   - known: the digest of the earlier reading.
    ///   - name: the layer's name in errors: `the layer files`.
    ///   - write: writes the layer.
    /// - Throws: `ToolError` with code `io` if a file changed meanwhile; the errors of `write`.
    func writing(_ known: Digest, of name: String, _ write: (any ByteSink) throws -> Void) throws {
        let hash = try HashSink(to: self)
        try write(hash)
        let written = try hash.finish()
        guard written == known else {
            throw ToolError(
                .io, "cannot write \(name)",
                cause: "a file changed while it was read: the digest was \(known), and is \(written) now",
                remedy: "make sure that no program writes to its files, and run again")
        }
    }
}

/// A layer that stays open, so that opening it again costs nothing.
package struct OpenedLayer: Layer {
    private let layer: any Layer
    private let opened: any OpenLayer

    /// Opens a layer.
    package init(_ layer: any Layer) throws {
        self.layer = layer
        opened = try layer.open()
    }

    package var storePaths: [StorePath] { layer.storePaths }
    package var title: String { layer.title }
    package var displayName: String { layer.displayName }
    package var diffID: Digest? { layer.diffID }
    package var storedSize: UInt64? { layer.storedSize }
    package var descriptor: Descriptor? { layer.descriptor }
    package var key: LayerKey? { layer.key }
    package func open() -> any OpenLayer { opened }

    package func storedBlob(compressedBy compressor: Compressor) throws -> FileRange? {
        try layer.storedBlob(compressedBy: compressor)
    }
}

/// Verifies the digests of layers on other threads, while the layers are already in use. A result that depends on them
/// is valid only after `finish`.
package final class LayerVerification {
    private let workers: OrderedThreadPool<any Layer, Void>

    init(_ layers: [any Layer]) {
        workers = OrderedThreadPool(width: workerCount) { try $0.open().verify() }
        for layer in layers { workers.submit(layer) }
    }

    deinit { workers.finish() }

    /// Waits until all layers are verified.
    ///
    /// - Throws: `ToolError` with code `data` for the first layer whose digest is not the one that its config states.
    package func finish() throws {
        while try workers.next() != nil {}
    }
}

extension TarXattr {
    /// Whether the attribute belongs in a layer. False for attributes of the machine that the layer was made on: labels
    /// of its SELinux policy, and the notes of its overlay filesystem, as root or in a user namespace.
    var belongsToLayers: Bool {
        !name.elementsEqual("security.selinux".utf8) && !name.starts(with: "trusted.overlay.".utf8)
            && !name.starts(with: "user.overlay.".utf8)
    }
}
