package import ByteIO
import CLinux
import Errors
import Glibc
import JSON
package import OCI
import SystemPackage

/// The files that images are stored in, by their paths: the members of an archive, or the files of a directory.
package protocol ImageFiles {
    /// The archive's name in errors: `'base.tar.gz'`.
    var name: String { get }

    /// The file at a path; nil if there is none. Links in an archive are followed.
    ///
    /// - Throws: `ToolError` with code `data` if it is not a regular file, or a link that may not be followed.
    func file(_ path: String) throws -> ImageFile?

    /// The path of the file that a blob is stored in, as a name in errors if it is not on this machine.
    func path(of descriptor: Descriptor) -> String

    /// Whether the files are on this machine, so that `file` finds a blob at its path.
    var isLocal: Bool { get }

    /// The bytes of a manifest, an index or a config. They have not been compared with the descriptor yet.
    ///
    /// - Parameter what: the document's name in errors: `the manifest sha256:…`.
    func document(_ descriptor: Descriptor, _ what: String) throws -> [UInt8]

    /// The file of a layer; nil if there is none.
    func layer(_ descriptor: Descriptor) throws -> ImageFile?
}

/// A file that a part of an image is stored in.
package struct ImageFile {
    /// The size in bytes.
    var size: UInt64
    var place: Place

    enum Place: Sendable {
        /// On this machine.
        case here(FileRange)
        /// Nowhere: a layer, where layers are not needed.
        case skipped
        /// On another machine; it is fetched when it is needed.
        case remote(any RemoteFile)
    }

    init(size: UInt64, place: Place) {
        self.size = size
        self.place = place
    }

    /// - Parameter range: nil if the file was skipped.
    init(size: UInt64, range: FileRange?) {
        self.init(size: size, place: range.map { .here($0) } ?? .skipped)
    }
}

extension ImageFiles {
    func path(of descriptor: Descriptor) -> String { descriptor.digest.blobPath }

    var isLocal: Bool { true }

    func document(_ descriptor: Descriptor, _ what: String) throws -> [UInt8] { try json(path(of: descriptor), what) }

    func layer(_ descriptor: Descriptor) throws -> ImageFile? { try file(path(of: descriptor)) }

    /// The bytes of a JSON file.
    ///
    /// - Parameter what: the document's name in errors: `the config of manifest.json[0]`.
    func json(_ path: String, _ what: String) throws -> [UInt8] {
        guard let file = try file(path) else { throw failure("\(what), \(TerminalText.quoted(path)), is missing") }
        guard file.size <= UInt64(ImageLimits.json) else {
            throw failure(
                "\(what), \(TerminalText.quoted(path)), has \(file.size) bytes, "
                    + "more than the limit of \(ImageLimits.json)")
        }
        guard case .here(let range) = file.place else {
            throw failure("\(what), \(TerminalText.quoted(path)), is not JSON")
        }
        return try range.bytes()
    }

    /// The parsed value of a JSON file.
    func value(_ path: String, _ what: String) throws -> JSONValue {
        try value(json(path, what), "\(what) of \(name)")
    }

    /// Parses a document.
    func value(_ bytes: [UInt8], _ source: String) throws -> JSONValue {
        try JSONValue(parsing: bytes, source: source, limit: ImageLimits.json)
    }

    /// The error for an archive that is not valid.
    func failure(_ cause: String) -> ToolError {
        ToolError(
            .data, "cannot read \(name)", cause: cause, remedy: "get the archive again, or make it with another program"
        )
    }
}

/// The files of a directory, such as an OCI layout. Links are not followed, since a blob must not lead out of the
/// directory.
final class DirectoryFiles: ImageFiles {
    let name: String
    private let directory: Int32

    private init(_ directory: Int32, name: String) {
        self.directory = directory
        self.name = name
    }

    /// - Throws: `ToolError` with code `io` if the directory cannot be opened.
    static func open(_ path: FilePath) throws -> DirectoryFiles {
        let directory = path.withPlatformString { clinux_open_place($0) }
        guard directory >= 0 else { throw ToolError.io("cannot open the directory '\(path)'") }
        return DirectoryFiles(directory, name: "'\(path)'")
    }

    deinit { close(directory) }

    func file(_ path: String) throws -> ImageFile? {
        let descriptor = clinux_open_beneath(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            switch Errno.current {
            case .noSuchFileOrDirectory, .notDirectory: return nil
            case Errno(rawValue: EXDEV): throw failure("\(TerminalText.quoted(path)) leads out of the directory")
            case .tooManySymbolicLinkLevels:
                throw failure(
                    "\(TerminalText.quoted(path)) is a symbolic link or has one in its path; links are not followed"
                )
            case let error: throw ToolError.io("cannot open '\(path)' in \(name)", error)
            }
        }
        let file = try OpenFile(owning: descriptor, name: "'\(path)' in \(name)")
        guard file.isRegular else { throw failure("\(TerminalText.quoted(path)) is not a regular file") }
        return ImageFile(size: file.size, range: file.whole)
    }
}

/// A file on another machine.
package protocol RemoteFile: Sendable {
    /// Starts fetching the file in the background: it is about to be needed.
    func prefetch()

    /// Fetches the file, unless it has been fetched already, and waits until that is done.
    func fetch() throws -> FileRange
}
