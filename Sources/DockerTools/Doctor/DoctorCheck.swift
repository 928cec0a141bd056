import Archives
import Failures

/// One thing that was looked for, and what was found.
struct DoctorCheck: Sendable {
    let name: String
    let works: Bool
    /// What is there, or why nothing is.
    let detail: String
    /// What to do about it; nil where all is well.
    var fix: String?
    /// What a start took; nil for all else.
    var seconds: Double?

    /// Something that is there, or the failure that says why not.
    static func of(_ name: String, _ look: () async throws -> String) async -> DoctorCheck {
        do {
            return DoctorCheck(name: name, works: true, detail: try await look())
        } catch let failure as Failure {
            return DoctorCheck(name: name, works: false, detail: failure.why, fix: failure.advice)
        } catch {
            return DoctorCheck(name: name, works: false, detail: "\(error)")
        }
    }

    var json: JSONValue {
        [
            "name": .string(name), "works": .bool(works), "detail": .string(detail),
            "fix": fix.map { .string($0) } ?? .null, "seconds": seconds.map { .double($0) } ?? .null,
        ]
    }
}
