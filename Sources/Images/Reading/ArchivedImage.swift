import ByteIO
import Compression
import Errors
import JSON
import OCI
import Store

/// An image that lies in an archive or a directory.
package struct ArchivedImage: Image {
    /// What was read, for errors: `'base.tar.gz'`.
    package let source: String
    /// The names it has there; may be none.
    package let names: [ImageName]
    package let config: ArchivedConfig
    /// The layers, the lowest one first.
    package let archivedLayers: [ArchivedLayer]

    package var imageID: Digest { config.digest }

    package var layers: [any Layer] { archivedLayers }

    package var name: String? { names.first?.name }

    package func names(imageID: Digest) -> [ImageName] { names }

    package func config(diffIDs: [Digest]) -> [UInt8] { config.bytes }
}

/// The config of an image that was read.
package struct ArchivedConfig: Sendable {
    /// The bytes: the image ID is the digest of these, and not of any other spelling.
    package let bytes: [UInt8]
    /// The SHA-256 of the bytes.
    package let digest: Digest
    package let value: JSONValue
    /// The digests of the plain layers, as the config says; nothing has compared them with the layers.
    package let diffIDs: [Digest]

    /// - Throws: `ToolError` with code `data` if it is no config.
    init(_ bytes: [UInt8], of files: any ImageFiles) throws {
        self.bytes = bytes
        digest = try SHA256.digest(of: bytes)
        value = try files.value(bytes, "the config of \(files.name)")
        guard let texts = value["rootfs"]?["diff_ids"]?.strings else {
            throw files.failure("the config has no rootfs.diff_ids that is a list of strings")
        }
        diffIDs = try texts.enumerated().map { index, text in
            guard let digest = Digest(text) else {
                throw files.failure(
                    "rootfs.diff_ids[\(index)] of the config is \(TerminalText.quoted(text)), and not 'sha256:' and 64 digits "
                        + "0-9 a-f")
            }
            return digest
        }
    }
}

/// A layer that lies in an archive or a directory, plain or compressed.
package struct ArchivedLayer: Layer {
    /// Its file there.
    package let name: String
    /// What it lies in, for errors: `'base.tar.gz'`.
    package let archive: String
    /// The digest of the plain layer, as the config says.
    package let diffID: Digest
    /// The digest of the file, as a manifest or the file's name says; nil where neither does.
    package let digest: Digest?
    /// What a manifest says that the file is; nil where none does.
    package let mediaType: String?
    /// Bytes of the file.
    package let size: UInt64
    let place: ImageFile.Place
    let context: ReadingContext

    package var storePaths: [StorePath] { [] }

    package var title: String { "base layer" }

    package var archived: ArchivedLayer? { self }

    package func open() throws -> any OpenLayer {
        let range = try self.file
        return switch try Compression(of: range) {
        case .none: try OpenArchivedLayer(self, range)
        default: try OpenArchivedLayer(self, decompressing: range)
        }
    }

    /// The file as it lies there; it is brought if it is elsewhere.
    ///
    /// - Throws: `ToolError` if it was passed over, or cannot be brought.
    package var file: FileRange {
        get throws {
            switch place {
            case .here(let range): return range
            case .elsewhere(let remote): return try remote.bring()
            case .passedOver:
                throw ToolError(
                    .data, "cannot read \(words)", cause: "it was passed over when the archive was read",
                    remedy: "report this as a bug")
            }
        }
    }

    /// Whether the file comes from elsewhere: then it was compared with its digest when it came.
    var isBrought: Bool {
        if case .elsewhere = place { return true }
        return false
    }

    package func expect() {
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
    var words: String { "the layer \(TerminalText.quoted(name)) of \(archive)" }

    /// The error for bytes with another digest than they should have.
    func mismatch(got: Digest, wanted: Digest, _ what: String) -> ToolError {
        ToolError(
            .data, "cannot use \(words)", cause: "\(what) \(got), and should have \(wanted)",
            remedy: "get the archive anew: it is damaged, or was tampered with")
    }
}
