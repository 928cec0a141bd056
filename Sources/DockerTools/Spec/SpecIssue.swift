import Errors
import JSON
import OCI

/// One fault of a spec.
struct SpecIssue: Equatable {
    /// The path of the key, with what overrode it: `config.Env[2]`.
    var path: String
    /// What stands there, nil if nothing does.
    var found: JSONValue?
    /// What is wrong, or what was expected: `expected an integer from 2 to 125`.
    var reason: String

    /// One line: the path, the value, what was expected.
    var line: String {
        guard let found else { return "\(path): missing; \(reason)" }
        return "\(path): got \(found.shortened); \(reason)"
    }
}

/// What the check of a spec found.
struct SpecReport {
    var faults: [SpecIssue] = []
    /// A line each.
    var warnings: [String] = []

    /// A text of faults alone must not flood the terminal.
    static let mostLines = 50

    /// Throws all faults as one failure.
    ///
    /// - Parameter source: what was read: `the spec 'hello.json'`.
    func throwFaults(of source: String) throws {
        guard !faults.isEmpty else { return }
        var lines = faults.prefix(Self.mostLines).map(\.line)
        if faults.count > Self.mostLines { lines.append("and \(faults.count - Self.mostLines) more") }
        let count = faults.count == 1 ? "a fault" : "\(faults.count) faults"
        throw ToolError(
            .data, "\(source) has \(count)", cause: lines.joined(separator: "\n"),
            remedy: "correct the keys named; `dockertools schema` prints every key with its type")
    }
}

extension JSONValue {
    /// The value as JSON, at most 80 characters of it, for messages.
    var shortened: String {
        let text = canonical
        return text.count <= 80 ? text : "\(text.prefix(77))..."
    }
}

/// Finds the known key that a mistyped one was meant to be.
enum NearestKey {
    /// Keys longer than this are no typing slip, and comparing them costs.
    private static let longest = 64

    /// The nearest of `known`, by optimal string alignment distance and whatever the case; nil if none is near: more
    /// than a third of its letters differ.
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

    /// Insertions, deletions, replacements and swaps of neighbours that lead from one text to the other.
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
    static let expected = "an image's name such as \"hello\" or \"registry.example:5000/team/hello\""

    /// What is wrong with the name of a repository, nil if nothing is.
    static func fault(_ written: String) -> String? {
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
            return "a name holds no tag, the key tag does\(fix)"
        }
        var parts = name.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count > 1, parts[0] == "localhost" || parts[0].contains(where: { $0 == "." || $0 == ":" }) {
            guard isHost(parts.removeFirst()) else { return "expected \(expected)" }
        }
        guard name.utf8.count <= 255, parts.allSatisfy(isComponent) else { return "expected \(expected)" }
        if parts.count == 1, name.utf8.count == 64, name.utf8.allSatisfy(isHexDigit) {
            return "64 hexadecimal digits are an image's ID, expected \(expected)"
        }
        return nil
    }
}
