import Archives
import Digests
import Failures
import Tar

/// The files that images lie in, by their names: the members of an archive, or what is in a folder.
protocol ImageFiles {
    /// What is read, for errors: `'base.tar.gz'`.
    var name: String { get }

    /// The file of a name, its links followed; nil if there is none.
    ///
    /// - Throws: `Failure` with code `data` for what is no file, or may not be followed.
    func file(_ path: String) throws -> ImageFile?
}

/// One file of them.
struct ImageFile {
    /// Bytes.
    var size: UInt64
    /// Nil if it was passed over: a layer, where none are read.
    var range: FileRange?
}

extension ImageFiles {
    /// The bytes of a JSON file.
    ///
    /// - Parameter what: what it is, for errors: `the config of manifest.json[0]`.
    func json(_ path: String, _ what: String) throws -> [UInt8] {
        guard let file = try file(path) else { throw failure("\(what), \(TarName.quoted(path)), is not in it") }
        guard file.size <= UInt64(ImageLimits.json) else {
            throw failure(
                "\(what), \(TarName.quoted(path)), has \(file.size) bytes, more than the limit of \(ImageLimits.json)")
        }
        guard let range = file.range else { throw failure("\(what), \(TarName.quoted(path)), is no JSON") }
        return try range.bytes()
    }

    /// The value of a JSON file.
    func value(_ path: String, _ what: String) throws -> JSONValue {
        try value(json(path, what), "\(what) of \(name)")
    }

    func value(_ bytes: [UInt8], _ source: String) throws -> JSONValue {
        try JSONValue(parsing: bytes, source: source, limit: ImageLimits.json)
    }

    func failure(_ why: String) -> Failure {
        Failure(
            .data, "cannot read \(name)", why: why, advice: "get the archive anew, or make it with another program")
    }

}
