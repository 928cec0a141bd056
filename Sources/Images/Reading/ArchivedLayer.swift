import Archives
import Digests
import Failures
import Store
import Tar

/// A layer that lies in an archive or a folder, plain or compressed.
public struct ArchivedLayer: Layer {
    /// Its file there.
    public let name: String
    /// What it lies in, for errors: `'base.tar.gz'`.
    public let archive: String
    /// The digest of the plain layer, as the config says.
    public let diffID: Digest
    /// The digest of the file, as a manifest or the file's name says; nil where neither does.
    public let digest: Digest?
    /// What a manifest says that the file is; nil where none does.
    public let mediaType: String?
    /// Bytes of the file.
    public let size: UInt64
    let place: ImageFile.Place
    let context: ReadingContext

    public var storePaths: [StorePath] { [] }

    public var title: String { "base layer" }

    public var archived: ArchivedLayer? { self }

    public func open() throws -> any OpenLayer {
        let range = try self.file
        return switch try Compression(of: range) {
        case .none: try OpenArchivedLayer(self, range)
        default: try OpenArchivedLayer(self, decompressing: range)
        }
    }

    /// The file as it lies there; it is brought if it is elsewhere.
    ///
    /// - Throws: `Failure` if it was passed over, or cannot be brought.
    public var file: FileRange {
        get throws {
            switch place {
            case .here(let range): return range
            case .elsewhere(let remote): return try remote.bring()
            case .passedOver:
                throw Failure(
                    .data, "cannot read \(words)", why: "it was passed over when the archive was read",
                    advice: "report this as a bug")
            }
        }
    }

    /// Whether the file comes from elsewhere: then it was compared with its digest when it came.
    var isBrought: Bool {
        if case .elsewhere = place { return true }
        return false
    }

    public func expect() {
        if case .elsewhere(let remote) = place { remote.expect() }
    }

    /// The file if it is compressed as an OCI layer by `compressor` is, and as it is to stay then.
    func file(compressedBy compressor: Compressor) throws -> FileRange? {
        let file = try self.file
        return switch (try Compression(of: file), compressor) {
        case (.gzip, .gz), (.zstd, .zstd): file
        default: nil
        }
    }

    /// The layer in errors.
    var words: String { "the layer \(TarName.quoted(name)) of \(archive)" }

    /// The error for bytes with another digest than they should have.
    func mismatch(got: Digest, wanted: Digest, _ what: String) -> Failure {
        Failure(
            .data, "cannot use \(words)", why: "\(what) \(got), and should have \(wanted)",
            advice: "get the archive anew: it is damaged, or was tampered with")
    }
}
