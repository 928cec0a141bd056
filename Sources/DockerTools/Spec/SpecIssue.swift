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

/// Finds the known key that is nearest to a mistyped one.
enum NearestKey {
    /// The maximum length of a key that is compared: a longer one is not a typing error, and comparing it takes long.
    private static let longest = 64

    /// The nearest of `known` by optimal string alignment distance, ignoring case; nil if more than a third of the
    /// letters differ.
    static func of(_ key: String, among known: [String]) -> String? {
        guard key.utf8.count <= longest else { return nil }
        let typed = Array(key.lowercased().utf8)
        var best: (key: String, distance: Int)?
        for candidate in known {
            let letters = Array(candidate.lowercased().utf8)
            let distance = distance(typed, letters)
            guard distance <= max(1, min(typed.count, letters.count) / 3) else { continue }
            if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
        }
        return best?.key
    }

    /// The number of insertions, deletions, replacements and swaps of neighbors between two texts.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
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
