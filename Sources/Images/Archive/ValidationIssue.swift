import ByteIO
package import Errors
import Synchronization

/// One thing that is wrong with an image, or unusual about it.
package struct ValidationIssue: Hashable, Sendable {
    /// How much an issue matters.
    package enum Severity: Hashable, Sendable {
        /// A reader gets no image, or another one than was meant.
        case fault
        /// Unusual, but all readers accept it and get the same image.
        case note
    }

    /// Whether the image is invalid.
    package var severity: Severity
    /// The part of the archive: `the config 'abc.json'`.
    package var place: String
    /// The property that is wrong, such as `digest`, or a sentence.
    package var what: String
    /// The value that was found; nil if there is nothing to compare.
    package var got: String?
    /// The value that was expected.
    package var wanted: String?

    package init(
        _ place: String, _ what: String, got: String? = nil, wanted: String? = nil, severity: Severity = .fault
    ) {
        self.severity = severity
        self.place = place
        self.what = what
        self.got = got
        self.wanted = wanted
    }

    /// The issue that made a reader fail. The place is the part of the error's message after its verb.
    package init(_ error: ToolError) {
        let verb = ["cannot read ", "cannot use "].first(where: error.message.hasPrefix) ?? ""
        self.init(String(error.message.dropFirst(verb.count)), error.cause)
    }
}

/// Collects the issues of images while they are read.
package final class ValidationIssues: Sendable {
    private let found = Mutex<[ValidationIssue]>([])

    package init() {}

    /// All issues so far, in the order in which they were found.
    package var all: [ValidationIssue] { found.withLock { $0 } }

    /// Whether an issue is a fault.
    package var hasFaults: Bool { all.contains { $0.severity == .fault } }

    /// Adds an issue.
    package func add(_ issue: ValidationIssue) { found.withLock { $0.append(issue) } }
}

extension ReadingContext {
    /// Handles a contradiction in an archive that can be read nevertheless. It is added to the issues if they are
    /// collected.
    ///
    /// - Throws: `failure`, unless issues are collected.
    func contradiction(_ issue: ValidationIssue, _ failure: @autoclosure () -> ToolError) throws {
        guard let issues else { throw failure() }
        issues.add(issue)
    }
}
