import Digests
import Store
import Tar

/// A layer of an image, wherever its bytes come from.
public protocol Layer: Sendable {
    /// The store paths in it, in the order that they have there; none in a base layer or the last one.
    var storePaths: [StorePath] { get }

    /// What the layer is, in a few words, for people who watch it go by.
    var title: String { get }

    /// Looks at what the layer is made of, without reading the files.
    func open() throws -> any OpenLayer
}

/// A layer whose size is settled.
public protocol OpenLayer: Sendable {
    /// Bytes of the plain tar.
    var size: UInt64 { get }

    /// The digest of the plain tar, where it is known without reading the files.
    var knownDiffID: Digest? { get }

    /// Writes the plain tar.
    func write(to sink: any ByteSink) throws

    /// Takes the digest that came out of a `write`, to know it the next time.
    func remember(_ diffID: Digest)
}
