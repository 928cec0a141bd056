import Archives
import Digests
import Glibc
import SystemPackage

/// Where the blobs of the cache lie: `sha256/HEX` those that are whole, `partial/HEX` those that are on their way, and
/// `used/HEX` empty files whose times say when a blob was last used. A blob's own times stay as they are, since what is
/// known of it depends on them.
struct BlobFolder: Sendable {
    static let name = "blobs"

    /// `<cache folder>/blobs`
    let path: FilePath

    /// - Parameter cache: the program's cache folder.
    init(cache: FilePath) {
        path = cache.appending(Self.name)
    }

    enum Part: String {
        case whole = "sha256"
        case partial
        case used
    }

    func folder(_ part: Part) -> FilePath { path.appending(part.rawValue) }

    func path(_ part: Part, _ digest: Digest) -> FilePath { folder(part).appending(digest.hex) }

    /// Opens a blob that is whole, as far as anybody can tell without reading it; nil if there is none.
    func open(_ digest: Digest) -> FileRange? {
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = path(.whole, digest).withPlatformString { Glibc.open($0, flags) }
        guard descriptor >= 0, let file = try? OpenFile(owning: descriptor, name: "the blob \(digest)"),
            file.isRegular
        else { return nil }
        return file.whole
    }

    /// Notes that a blob is used now. Where that cannot be written it counts as used when it was made.
    func noteUse(of digest: Digest) {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = path(.used, digest).withPlatformString { Glibc.open($0, flags, mode_t(0o600)) }
        guard descriptor >= 0 else { return }
        futimens(descriptor, nil)
        close(descriptor)
    }

    /// Removes what lies in a blob's place; whether there was something.
    func remove(_ digest: Digest) -> Bool {
        path(.whole, digest).withPlatformString { unlink($0) == 0 || rmdir($0) == 0 }
    }
}
