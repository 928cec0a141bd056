import Failures
import Glibc

/// Drivers find their devices in their own time.
enum Waiting {
    /// In milliseconds: without KVM on a busy machine all takes long.
    private static let limit = 60_000

    /// What `look` finds, as soon as it does.
    ///
    /// - Throws: `Failure` with code `unavailable` if it never does.
    static func until<Found>(_ what: String, _ look: () throws -> Found?) throws -> Found {
        for _ in 0..<(limit / 5) {
            if let found = try look() { return found }
            usleep(5000)
        }
        throw Failure(
            .unavailable, "cannot find \(what)", why: "it did not turn up", advice: "see the kernel's messages")
    }
}
