import Archives
import Digests
import Store
import Tar

/// A layer of an image, wherever its bytes come from.
public protocol Layer: Sendable {
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
    public var archived: ArchivedLayer? { nil }

    public func expect() {}
}

/// A layer whose size is settled.
public protocol OpenLayer: Sendable {
    /// Bytes of the plain tar.
    var size: UInt64 { get }

    /// The digest of the plain tar, where it is known without reading the files.
    var knownDiffID: Digest? { get }

    /// Writes the plain tar.
    ///
    /// - Throws: `Failure` with code `data` if what was written does not have `knownDiffID`.
    func write(to sink: any ByteSink) throws

    /// Takes the digest that came out of a `write`, to know it the next time.
    func remember(_ diffID: Digest)

    /// The plain tar as a stretch of a file, for readers that go through it in an order of their own. Nothing has compared
    /// it with its digest: `verify` does.
    ///
    /// - Parameters:
    ///   - spool: where the tar goes if it lies in no file yet.
    ///   - needsBodies: false if the entries alone are read: what is in the bodies is then of no meaning.
    func plainTar(spool: SpoolFolder, needsBodies: Bool) throws -> FileRange

    /// Compares the plain tar with the digest that it is said to have.
    ///
    /// - Throws: `Failure` with code `data` that names both digests if they differ.
    func verify() throws
}
