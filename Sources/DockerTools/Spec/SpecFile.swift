import Archives
import Failures
import SystemPackage

/// A spec as it was read: JSON or TOML, nothing of it checked yet.
public struct SpecFile: Sendable {
    /// The spec in messages: `the spec 'hello.json'`.
    public let words: String
    /// The absolute folder that relative paths of the spec start from.
    public let folder: FilePath
    /// What the file holds.
    public let value: JSONValue

    /// The most bytes of a spec. Real ones have a few thousand; scripts and labels may make them longer.
    static let limit = 4 << 20

    /// Reads a spec.
    ///
    /// - Parameters:
    ///   - currentDirectory: the absolute folder that a relative path to the spec starts from.
    ///   - standardInput: what `SpecSource.standardInput` reads.
    /// - Throws: `Failure` with code `data` if there is no such spec, or it is neither JSON nor TOML (with line and
    ///   column), or too long; with code `io` if it cannot be read.
    public init(
        reading source: SpecSource, currentDirectory: FilePath, standardInput: FileDescriptor = .standardInput
    ) throws {
        words = source.words
        let bytes: [UInt8]
        var format = Format.told
        switch source {
        case .standardInput:
            folder = currentDirectory
            bytes = try Self.bytes(of: standardInput, words)
        case .file(let path), .anyFile(let path):
            let absolute = currentDirectory.pushing(path)
            folder = absolute.removingLastComponent()
            bytes = try Self.bytes(at: absolute, words)
            format = Format(rawValue: path.extension ?? "") ?? .told
        }
        if format == .told { format = Self.firstCharacter(bytes) == UInt8(ascii: "{") ? .json : .toml }
        value =
            switch format {
            case .json: try JSONValue(parsing: bytes, source: words, limit: Self.limit)
            case .toml, .told: try JSONValue(parsingTOML: bytes, source: words)
            }
    }

    private enum Format: String {
        case json, toml
        /// By the content.
        case told
    }

    private static func firstCharacter(_ bytes: [UInt8]) -> UInt8? {
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        return text.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }

    private static func bytes(at path: FilePath, _ words: String) throws -> [UInt8] {
        do {
            return try checked(SmallFile.read(path, limit: limit), words)
        } catch Errno.noSuchFileOrDirectory, Errno.notDirectory {
            throw Failure(
                .data, "cannot read \(words)", why: "there is no such spec",
                advice: "check the path; `-` reads a spec from standard input")
        } catch let error as Errno {
            throw Failure.io("cannot read \(words)", error)
        }
    }

    private static func bytes(of descriptor: FileDescriptor, _ words: String) throws -> [UInt8] {
        do {
            return try checked(SmallFile.read(descriptor, limit: limit), words)
        } catch let error as Errno {
            throw Failure.io("cannot read \(words)", error)
        }
    }

    /// Refuses what is longer than the limit.
    private static func checked(_ bytes: [UInt8], _ words: String) throws -> [UInt8] {
        guard bytes.count <= limit else {
            throw Failure(
                .data, "cannot read \(words)", why: "it has more than the limit of \(limit) bytes",
                advice: "check that this is the file you meant")
        }
        return bytes
    }
}
