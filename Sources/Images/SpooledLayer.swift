import Archives
import Digests
import Store
import Tar

/// A layer whose plain tar lies in a work file of this program's, which goes with it.
public struct SpooledLayer: Layer {
    public let title: String
    public let storePaths: [StorePath]
    private let opened: Opened

    /// - Parameters:
    ///   - title: what the layer is, for people.
    ///   - storePaths: the store paths in it.
    ///   - tar: the plain tar.
    /// - Throws: `Failure` with code `io` if it cannot be read.
    public init(title: String, storePaths: [StorePath] = [], tar: FileRange) throws {
        self.title = title
        self.storePaths = storePaths
        opened = Opened(tar: tar, diffID: try tar.digest())
    }

    public func open() -> any OpenLayer { opened }

    private struct Opened: OpenLayer {
        let tar: FileRange
        let diffID: Digest

        var size: UInt64 { tar.size }
        var knownDiffID: Digest? { diffID }

        func write(to sink: any ByteSink) throws { try tar.copy(to: sink) }
        func remember(_ diffID: Digest) {}
        func plainTar(spool: SpoolFolder, needsBodies: Bool) -> FileRange { tar }
        /// Nobody else has the file.
        func verify() {}
    }
}
