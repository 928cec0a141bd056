import ByteIO
import Errors
import JSON
import SystemPackage

/// A spec as it was read: JSON or TOML, nothing of it checked yet.
package struct SpecFile: Sendable {
    /// The spec in messages: `the spec 'hello.json'`.
    package let words: String
    /// The absolute directory that relative paths of the spec start from.
    package let directory: FilePath
    /// What the file holds.
    package let value: JSONValue

    /// The most bytes of a spec. Real ones have a few thousand; scripts and labels may make them longer.
    static let limit = 4 << 20

    /// Reads a spec.
    ///
    /// - Parameters:
    ///   - currentDirectory: the absolute directory that a relative path to the spec starts from.
    ///   - standardInput: what `SpecSource.standardInput` reads.
    /// - Throws: `ToolError` with code `data` if there is no such spec, or it is neither JSON nor TOML (with line and
    ///   column), or too long; with code `io` if it cannot be read.
    package init(
        reading source: SpecSource, currentDirectory: FilePath, standardInput: FileDescriptor = .standardInput
    ) throws {
        words = source.words
        let bytes: [UInt8]
        var format = Format.told
        switch source {
        case .standardInput:
            directory = currentDirectory
            bytes = try Self.bytes(of: standardInput, words)
        case .file(let path), .anyFile(let path):
            let absolute = currentDirectory.pushing(path)
            directory = absolute.removingLastComponent()
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
            throw ToolError(
                .data, "cannot read \(words)", cause: "there is no such spec",
                remedy: "check the path; `-` reads a spec from standard input")
        } catch let error as Errno {
            throw ToolError.io("cannot read \(words)", error)
        }
    }

    private static func bytes(of descriptor: FileDescriptor, _ words: String) throws -> [UInt8] {
        do {
            return try checked(SmallFile.read(descriptor, limit: limit), words)
        } catch let error as Errno {
            throw ToolError.io("cannot read \(words)", error)
        }
    }

    /// Refuses what is longer than the limit.
    private static func checked(_ bytes: [UInt8], _ words: String) throws -> [UInt8] {
        guard bytes.count <= limit else {
            throw ToolError(
                .data, "cannot read \(words)", cause: "it has more than the limit of \(limit) bytes",
                remedy: "check that this is the file you meant")
        }
        return bytes
    }
}

extension SpecFile {
    /// The spec's members after the overrides, all of them right.
    ///
    /// - Parameters:
    ///   - sets: the overrides of the command line, `KEY=VALUE` each, applied in turn.
    ///   - verb: what the spec is read for.
    /// - Throws: `ToolError` with code `data` that names every fault of the spec; `usage` for a malformed override.
    func checked(sets: [String], verb: SpecVerb) throws -> (members: [String: JSONValue], warnings: [String]) {
        var report = SpecReport()
        guard var members = value.object else {
            report.faults = [SpecIssue(path: "the whole", found: value, reason: "expected an object")]
            try report.throwFaults(of: words)
            return ([:], [])
        }
        var overridden: [SpecPath] = []
        for set in try sets.map(SpecOverride.init) {
            if let path = set.apply(to: &members, verb: verb, &report) { overridden.append(path) }
        }
        var checker = SpecChecker(verb: verb, report: report)
        checker.check(members, overridden: overridden)
        try checker.report.throwFaults(of: words)
        return (members, checker.report.warnings)
    }
}

/// Where a spec comes from.
public enum SpecSource: Hashable, Sendable {
    /// A file; its extension tells JSON from TOML.
    case file(FilePath)
    /// A file of any name; its content tells JSON from TOML unless its extension does.
    case anyFile(FilePath)
    /// Standard input; its content tells JSON from TOML.
    case standardInput

    /// Reads an argument of the command line: `-` is standard input.
    ///
    /// - Parameter anyExtension: whether a file may be called anything (`--spec`).
    /// - Throws: `ToolError` with code `usage` if the name ends in neither `.json` nor `.toml`.
    package init(argument: String, anyExtension: Bool) throws {
        if argument == "-" {
            self = .standardInput
        } else if anyExtension {
            self = .anyFile(FilePath(argument))
        } else if SpecSource.isSpec(argument) {
            self = .file(FilePath(argument))
        } else {
            throw ToolError(
                .usage, "cannot take '\(argument)' as a spec", cause: "its name ends in neither .json nor .toml",
                remedy: "name a spec, or say --spec if it is one all the same")
        }
    }

    /// Whether an argument of the command line names a spec rather than an image.
    package static func isSpec(_ argument: String) -> Bool {
        ["json", "toml"].contains(FilePath(argument).extension)
    }

    /// Nil for standard input.
    var path: FilePath? {
        switch self {
        case .file(let path), .anyFile(let path): path
        case .standardInput: nil
        }
    }

    /// The source in messages: `the spec 'hello.json'`.
    var words: String {
        switch self {
        case .file(let path), .anyFile(let path): "the spec '\(path)'"
        case .standardInput: "the spec on standard input"
        }
    }
}
