import ByteIO
import Errors
package import JSON
public import SystemPackage

/// A spec file that was read, JSON or TOML, and is not checked yet.
package struct SpecFile: Sendable, CustomStringConvertible {
    /// The spec in messages: `the spec 'hello.json'`.
    package let description: String
    /// The absolute directory that relative paths of the spec start from.
    package let directory: FilePath
    /// The content of the file.
    package let value: JSONValue

    /// The maximum size of a spec: 4 MiB. Most specs have a few KB; scripts and labels may make them longer.
    static let limit = 4 << 20

    /// Reads a spec.
    ///
    /// - Parameters:
    ///   - currentDirectory: the absolute directory that a relative path to the spec starts from.
    ///   - standardInput: the descriptor of `SpecSource.standardInput`.
    /// - Throws: `ToolError` with code `data` if the spec does not exist, is neither JSON nor TOML (with line and
    ///   column), or is too long; with code `io` if it cannot be read.
    package static func read(
        _ source: SpecSource, currentDirectory: FilePath, standardInput: FileDescriptor = .standardInput
    ) throws -> SpecFile {
        let bytes: [UInt8]
        let directory: FilePath
        var format: Format?
        switch source {
        case .standardInput:
            directory = currentDirectory
            bytes = try self.bytes(of: standardInput, source.description)
        case .file(let path), .anyFile(let path):
            let absolute = currentDirectory.pushing(path)
            directory = absolute.removingLastComponent()
            bytes = try self.bytes(at: absolute, source.description)
            format = Format(rawValue: path.extension ?? "")
        }
        do {
            let value =
                switch format ?? (firstCharacter(bytes) == UInt8(ascii: "{") ? .json : .toml) {
                case .json: try JSONValue(parsing: bytes, source: source.description, limit: limit)
                case .toml: try JSONValue(parsingTOML: bytes, source: source.description)
                }
            return SpecFile(description: source.description, directory: directory, value: value)
        } catch let error as ToolError where looksLikeYAML(bytes) {
            throw ToolError(
                error.code, error.message, cause: "\(error.cause)\nit looks like YAML, and specs are JSON or TOML",
                remedy: insteadOfYAML)
        }
    }

    /// The remedy for a spec that is YAML.
    static let insteadOfYAML: Remedy =
        "write the spec as JSON or TOML; yq converts it: yq -o json . image.yaml > image.json"

    /// Returns whether a text that is neither JSON nor TOML looks like YAML: its first line is `---` or `key: value`.
    private static func looksLikeYAML(_ bytes: [UInt8]) -> Bool {
        let lines = String(decoding: bytes.prefix(4096), as: UTF8.self).split(whereSeparator: \.isNewline)
        guard let line = lines.first(where: { $0.first { $0 != " " }.map { $0 != "#" } ?? false }) else { return false }
        return line.hasPrefix("---") || line.prefixMatch(of: /[A-Za-z_][A-Za-z0-9_-]*:( |$)/) != nil
    }

    private enum Format: String {
        case json, toml
    }

    private static func firstCharacter(_ bytes: [UInt8]) -> UInt8? {
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        return text.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }

    private static func bytes(at path: FilePath, _ name: String) throws -> [UInt8] {
        do {
            return try checked(SmallFile.read(path, limit: limit), name)
        } catch Errno.noSuchFileOrDirectory, Errno.notDirectory {
            throw ToolError(
                .data, "cannot read \(name)", cause: "there is no such spec",
                remedy: "check the path; `-` reads a spec from standard input")
        } catch let error as Errno {
            throw ToolError.io("cannot read \(name)", error)
        }
    }

    private static func bytes(of descriptor: FileDescriptor, _ name: String) throws -> [UInt8] {
        do {
            return try checked(SmallFile.read(descriptor, limit: limit), name)
        } catch let error as Errno {
            throw ToolError.io("cannot read \(name)", error)
        }
    }

    /// Checks the size.
    private static func checked(_ bytes: [UInt8], _ name: String) throws -> [UInt8] {
        guard bytes.count <= limit else {
            throw ToolError(
                .data, "cannot read \(name)", cause: "it is longer than the limit of \(limit) bytes",
                remedy: "check that this is the file you meant")
        }
        return bytes
    }
}

extension SpecFile {
    /// The spec's members after the overrides, all of them valid.
    ///
    /// - Parameters:
    ///   - sets: overrides of the spec's keys, `KEY=VALUE` each, applied in turn.
    ///   - verb: the verb that the spec is read for.
    /// - Throws: `ToolError` with code `data` that names every invalid value; `usage` for an invalid override.
    func checked(sets: [String], verb: SpecVerb) throws -> (members: [String: JSONValue], warnings: [String]) {
        var report = SpecReport()
        guard var members = value.object else {
            report.issues = [SpecIssue(path: "the whole", found: value, reason: "expected an object")]
            try report.throwIssues(of: description)
            return ([:], [])
        }
        var overridden: [SpecPath] = []
        for set in try sets.map(SpecOverride.init) {
            if let path = set.apply(to: &members, verb: verb, &report) { overridden.append(path) }
        }
        var checker = SpecChecker(verb: verb, report: report)
        checker.check(members, overridden: overridden)
        try checker.report.throwIssues(of: description)
        return (members, checker.report.warnings)
    }
}

/// The place that a spec is read from.
public enum SpecSource: Hashable, Sendable {
    /// A file whose extension is the format: `.json` or `.toml`.
    case file(FilePath)
    /// A file of any name; without a known extension the content decides between JSON and TOML.
    case anyFile(FilePath)
    /// Standard input; the content decides between JSON and TOML.
    case standardInput

    /// Makes a source of an argument; `-` is standard input.
    ///
    /// - Parameter anyExtension: whether a file may have any name.
    /// - Throws: `ToolError` with code `usage` if the name ends in neither `.json` nor `.toml`.
    package init(argument: String, anyExtension: Bool) throws {
        if argument == "-" {
            self = .standardInput
        } else if anyExtension {
            self = .anyFile(FilePath(argument))
        } else if SpecSource.isSpec(argument) {
            self = .file(FilePath(argument))
        } else {
            guard !SpecSource.isYAML(argument) else { throw SpecSource.yaml(argument) }
            throw ToolError(
                .usage, "cannot use '\(argument)' as a spec", cause: "its name ends in neither .json nor .toml",
                remedy: "name a spec, or use \(.spec) for a spec with another name")
        }
    }

    /// Whether an argument names a spec, and no image: its extension is `.json` or `.toml`.
    package static func isSpec(_ argument: String) -> Bool {
        ["json", "toml"].contains(FilePath(argument).extension)
    }

    /// Whether the ending of a name is that of YAML.
    static func isYAML(_ argument: String) -> Bool { ["yaml", "yml"].contains(FilePath(argument).extension) }

    /// The error for a spec that is YAML by its name.
    static func yaml(_ argument: String) -> ToolError {
        ToolError(
            .usage, "cannot use '\(argument)' as a spec", cause: "specs are JSON or TOML, not YAML",
            remedy: SpecFile.insteadOfYAML)
    }

    /// Nil for standard input.
    var path: FilePath? {
        switch self {
        case .file(let path), .anyFile(let path): path
        case .standardInput: nil
        }
    }
}

extension SpecSource: CustomStringConvertible {
    /// The source in messages: `the spec 'hello.json'`.
    public var description: String {
        switch self {
        case .file(let path), .anyFile(let path): "the spec '\(path)'"
        case .standardInput: "the spec on standard input"
        }
    }
}
