import Archives
import Failures

/// One fault of a spec.
struct SpecFault: Equatable {
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
    var faults: [SpecFault] = []
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
        throw Failure(
            .data, "\(source) has \(count)", why: lines.joined(separator: "\n"),
            advice: "correct the keys named; `dockertools schema` prints every key with its type")
    }
}

extension JSONValue {
    /// The value as JSON, at most 80 characters of it, for messages.
    var shortened: String {
        let text = canonical
        return text.count <= 80 ? text : "\(text.prefix(77))..."
    }
}
