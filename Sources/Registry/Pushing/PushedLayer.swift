import Digests
import Images
import Store

/// A layer of an image that was pushed.
public struct PushedLayer: Sendable {
    /// How the registry came by it.
    public enum Way: String, Sendable {
        /// It was sent.
        case sent
        /// The repository had it.
        case there
        /// The registry took it from another of its repositories.
        case mounted
    }

    public let diffID: Digest
    public let blob: OCIBlob
    public let mediaType: String
    public let way: Way
    public let storePaths: [StorePath]
}
