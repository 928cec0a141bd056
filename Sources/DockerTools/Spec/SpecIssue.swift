import Errors
import JSON
import OCI

/// An invalid value of a spec.
struct SpecIssue: Equatable {
    /// The path of the key, and the origin of an overridden value: `config.Env[2]`.
    var path: String
    /// The value; nil if it is missing.
    var found: JSONValue?
    /// The reason, or the expected value: `expected an integer from 2 to 125`.
    var reason: String

    /// The path, the value and the reason in one line.
    var line: String {
        guard let found else { return "\(path): missing; \(reason)" }
        return "\(path): got \(found.shortened); \(reason)"
    }
}

/// The result of the check of a spec.
struct SpecReport {
    var issues: [SpecIssue] = []
    /// One line each.
    var warnings: [String] = []

    /// The maximum number of issues in an error, so that a spec with many does not flood the terminal.
    static let mostLines = 50

    /// Throws all issues as one error.
    ///
    /// - Parameter source: the spec in messages: `the spec 'hello.json'`.
    func throwIssues(of source: String) throws {
        guard !issues.isEmpty else { return }
        var lines = issues.prefix(Self.mostLines).map(\.line)
        if issues.count > Self.mostLines { lines.append("and \(issues.count - Self.mostLines) more") }
        let count = issues.count == 1 ? "an error" : "\(issues.count) errors"
        throw ToolError(
            .data, "\(source) has \(count)", cause: lines.joined(separator: "\n"),
            remedy: "correct these keys; `dockertools schema` prints every key with its type")
    }
}

extension JSONValue {
    /// The value as JSON, cut to 80 characters, for messages.
    var shortened: String {
        let text = canonical
        return text.count <= 80 ? text : "\(text.prefix(77))..."
    }
}

extension ReferenceGrammar {
    /// A description of a valid name, for messages.
    static let expected = "an image's name such as \"hello\" or \"registry.example:5000/team/hello\""

    /// The reason why the name of a repository is invalid; nil if it is valid.
    static func issue(_ written: String) -> String? {
        let name = lowercased(written)
        if let digest = name.firstIndex(of: "@") {
            return "expected a name without a digest, \(JSONValue.string(String(written[..<digest])).shortened)"
        }
        let last = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
        if let colon = name[last...].firstIndex(of: ":") {
            let tag = String(written[written.index(after: colon)...])
            let fix =
                isTag(tag)
                ? ": write name \(JSONValue.string(String(written[..<colon])).shortened) and tag \"\(tag)\"" : ""
            return "a name has no tag, the key tag has it\(fix)"
        }
        var parts = name.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count > 1, parts[0] == "localhost" || parts[0].contains(where: { $0 == "." || $0 == ":" }) {
            guard isHost(parts.removeFirst()) else { return "expected \(expected)" }
        }
        guard name.utf8.count <= 255, parts.allSatisfy(isComponent) else { return "expected \(expected)" }
        if parts.count == 1, name.utf8.count == 64, name.utf8.allSatisfy(isHexDigit) {
            return "64 hexadecimal digits are an image ID, expected \(expected)"
        }
        return nil
    }
}
