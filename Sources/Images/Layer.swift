import ByteIO
import OCI
import Store
import Tar

/// A layer of an image, wherever its bytes come from.
package protocol Layer: Sendable {
    /// The store paths in it, in the order that they have there; none in a base layer or the last one.
    var storePaths: [StorePath] { get }

    /// What the layer is, in a few words, for people who watch it go by.
    var title: String { get }

    /// The layer as it lies in an archive, if it does: for destinations that take it compressed as it is.
    var archived: ArchivedLayer? { get }

    /// Is told that the layer is going to be opened, for one that has to be brought from elsewhere first.
    func expect()

    /// Looks at what the layer is made of, without reading the files.
    func open() throws -> any OpenLayer
}

extension Layer {
    package var archived: ArchivedLayer? { nil }

    package func expect() {}
}

/// A layer whose size is settled.
package protocol OpenLayer: Sendable {
    /// Bytes of the plain tar.
    var size: UInt64 { get }

    /// The digest of the plain tar, where it is known without reading the files.
    var knownDiffID: Digest? { get }

    /// Writes the plain tar.
    ///
    /// - Throws: `ToolError` with code `data` if what was written does not have `knownDiffID`.
    func write(to sink: any ByteSink) throws

    /// Takes the digest that came out of a `write`, to know it the next time.
    func remember(_ diffID: Digest)

    /// The plain tar as a stretch of a file, for readers that go through it in an order of their own. Nothing has compared
    /// it with its digest: `verify` does.
    ///
    /// - Parameters:
    ///   - spool: where the tar goes if it lies in no file yet.
    ///   - needsBodies: false if the entries alone are read: what is in the bodies is then of no meaning.
    func plainTar(spool: SpoolDirectory, needsBodies: Bool) throws -> FileRange

    /// Compares the plain tar with the digest that it is said to have.
    ///
    /// - Throws: `ToolError` with code `data` that names both digests if they differ.
    func verify() throws
}

extension OpenLayer {
    /// The digest of the plain tar, by reading the files if it is not known.
    package func diffID() throws -> Digest {
        if let knownDiffID { return knownDiffID }
        let sink = try HashSink()
        try write(to: sink)
        let diffID = try sink.finish()
        remember(diffID)
        return diffID
    }
}

/// A layer that was opened before: what that took is not done again.
package struct OpenedLayer: Layer {
    private let layer: any Layer
    private let opened: any OpenLayer

    package init(_ layer: any Layer) throws {
        self.layer = layer
        opened = try layer.open()
    }

    package var storePaths: [StorePath] { layer.storePaths }
    package var title: String { layer.title }
    package var archived: ArchivedLayer? { layer.archived }
    package func open() -> any OpenLayer { opened }
}

/// Compares layers with their digests on other threads, while they are already read: whoever makes something of them waits
/// for the end before it counts.
package final class LayerVerification {
    private let workers: OrderedThreadPool<any Layer, Void>

    init(_ layers: [any Layer]) {
        workers = OrderedThreadPool(width: workerCount) { try $0.open().verify() }
        for layer in layers { workers.submit(layer) }
    }

    deinit { workers.finish() }

    /// Waits for the end.
    ///
    /// - Throws: `ToolError` with code `data` for the first layer that has another digest than its image says.
    package func finish() throws {
        while try workers.next() != nil {}
    }
}

extension TarXattr {
    /// False for what belongs to the machine that a layer was made on: labels of its SELinux policy, and what its overlay
    /// file system noted, as root or in a user namespace.
    var belongsToLayers: Bool {
        !name.elementsEqual("security.selinux".utf8) && !name.starts(with: "trusted.overlay.".utf8)
            && !name.starts(with: "user.overlay.".utf8)
    }
}
