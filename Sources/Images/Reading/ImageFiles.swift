import ByteIO
import CLinux
import Errors
import Glibc
import JSON
import SystemPackage

/// The files that images lie in, by their names: the members of an archive, or what is in a directory.
package protocol ImageFiles {
    /// What is read, for errors: `'base.tar.gz'`.
    var name: String { get }

    /// The file of a name, its links followed; nil if there is none.
    ///
    /// - Throws: `ToolError` with code `data` for what is no file, or may not be followed.
    func file(_ path: String) throws -> ImageFile?

    /// The bytes of a manifest, an index or a config; nothing has compared them with the descriptor.
    ///
    /// - Parameter what: what it is, for errors: `the manifest sha256:…`.
    func record(_ descriptor: OCIDescriptor, _ what: String) throws -> [UInt8]

    /// The file of a layer; nil if there is none.
    func layer(_ descriptor: OCIDescriptor) throws -> ImageFile?
}

/// One file of them.
package struct ImageFile {
    /// Bytes.
    var size: UInt64
    var place: Place

    enum Place: Sendable {
        case here(FileRange)
        /// A layer, where none are read.
        case passedOver
        /// To be brought when it is asked for.
        case elsewhere(any RemoteFile)
    }

    init(size: UInt64, place: Place) {
        self.size = size
        self.place = place
    }

    /// - Parameter range: nil if it was passed over.
    init(size: UInt64, range: FileRange?) {
        self.init(size: size, place: range.map { .here($0) } ?? .passedOver)
    }
}

extension ImageFiles {
    func record(_ descriptor: OCIDescriptor, _ what: String) throws -> [UInt8] { try json(descriptor.path, what) }

    func layer(_ descriptor: OCIDescriptor) throws -> ImageFile? { try file(descriptor.path) }

    /// The bytes of a JSON file.
    ///
    /// - Parameter what: what it is, for errors: `the config of manifest.json[0]`.
    func json(_ path: String, _ what: String) throws -> [UInt8] {
        guard let file = try file(path) else { throw failure("\(what), \(TerminalText.quoted(path)), is not in it") }
        guard file.size <= UInt64(ImageLimits.json) else {
            throw failure(
                "\(what), \(TerminalText.quoted(path)), has \(file.size) bytes, more than the limit of \(ImageLimits.json)"
            )
        }
        guard case .here(let range) = file.place else {
            throw failure("\(what), \(TerminalText.quoted(path)), is no JSON")
        }
        return try range.bytes()
    }

    /// The value of a JSON file.
    func value(_ path: String, _ what: String) throws -> JSONValue {
        try value(json(path, what), "\(what) of \(name)")
    }

    func value(_ bytes: [UInt8], _ source: String) throws -> JSONValue {
        try JSONValue(parsing: bytes, source: source, limit: ImageLimits.json)
    }

    func failure(_ cause: String) -> ToolError {
        ToolError(
            .data, "cannot read \(name)", cause: cause, remedy: "get the archive anew, or make it with another program")
    }

}

/// The files of a directory, an OCI layout above all. No link is followed, as a blob must not lead out of it.
final class DirectoryFiles: ImageFiles {
    let name: String
    private let directory: Int32

    /// - Throws: `ToolError` with code `io` if it cannot be opened.
    init(_ path: FilePath) throws {
        name = "'\(path)'"
        directory = path.withPlatformString { clinux_open_place($0) }
        guard directory >= 0 else { throw ToolError.io("cannot open the directory '\(path)'") }
    }

    deinit { close(directory) }

    func file(_ path: String) throws -> ImageFile? {
        let descriptor = clinux_open_beneath(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            switch Errno.current {
            case .noSuchFileOrDirectory, .notDirectory: return nil
            case Errno(rawValue: EXDEV): throw failure("\(TerminalText.quoted(path)) leads out of it")
            case .tooManySymbolicLinkLevels:
                throw failure("\(TerminalText.quoted(path)) is a link, or leads through one, which is not followed")
            case let error: throw ToolError.io("cannot open '\(path)' in \(name)", error)
            }
        }
        let file = try OpenFile(owning: descriptor, name: "'\(path)' in \(name)")
        guard file.isRegular else { throw failure("\(TerminalText.quoted(path)) is no file") }
        return ImageFile(size: file.size, range: file.whole)
    }
}

/// A file on another machine.
package protocol RemoteFile: Sendable {
    /// Has it brought beside other work: it is going to be asked for.
    func expect()

    /// Brings it, if it is not here; waits until it is.
    func bring() throws -> FileRange
}
