import Archives
import Digests

extension OpenLayer {
    /// The digest of the plain tar, by reading the files if it is not known.
    public func diffID() throws -> Digest {
        if let knownDiffID { return knownDiffID }
        let sink = try HashSink()
        try write(to: sink)
        let diffID = try sink.finish()
        remember(diffID)
        return diffID
    }
}
