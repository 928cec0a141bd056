import Failures
import SystemPackage

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
    /// - Throws: `Failure` with code `usage` if the name ends in neither `.json` nor `.toml`.
    public init(argument: String, anyExtension: Bool) throws {
        if argument == "-" {
            self = .standardInput
        } else if anyExtension {
            self = .anyFile(FilePath(argument))
        } else if SpecSource.isSpec(argument) {
            self = .file(FilePath(argument))
        } else {
            throw Failure(
                .usage, "cannot take '\(argument)' as a spec", why: "its name ends in neither .json nor .toml",
                advice: "name a spec, or say --spec if it is one all the same")
        }
    }

    /// Whether an argument of the command line names a spec rather than an image.
    public static func isSpec(_ argument: String) -> Bool {
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
