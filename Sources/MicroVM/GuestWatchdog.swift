import Errors
import Glibc
import Synchronization
import SystemPackage

/// Watches a guest's console, and kills QEMU when a timeout expires.
final class GuestWatchdog: Sendable {
    /// The timeout that expired.
    enum Timeout: Sendable, Equatable {
        /// The guest showed no sign of life after a stage of its boot.
        case boot(BootProgress.Stage)
        /// The guest showed signs of life without end, and did not boot.
        case endlessBoot
        /// The scripts exceeded their time limit.
        case run
    }

    private struct State {
        var group: pid_t?
        var progress = BootProgress(start: .now)
        var panic: String?
        var expired: Timeout?

        /// The earliest time at which scripts may have run for a duration; nil if they have.
        func end(after limit: Duration) -> SuspendingClock.Instant? {
            guard progress.stage == .booted else { return .now + limit }
            let end = progress.lastSign + limit
            return end <= .now ? nil : end
        }

        /// Kills QEMU if it still runs.
        mutating func kill(because timeout: Timeout) {
            guard let group else { return }
            expired = timeout
            Glibc.kill(-group, SIGKILL)
        }
    }

    private static let panicPrefix = "Kernel panic - not syncing: "

    private let state = Mutex(State())

    /// True if the guest has written its first line.
    var hasBooted: Bool { state.withLock { $0.progress.stage == .booted } }
    /// The message of a kernel panic.
    var panic: String? { state.withLock(\.panic) }
    /// The timeout for which QEMU was killed.
    var expired: Timeout? { state.withLock(\.expired) }

    /// Handles a line of the console.
    func read(_ line: String) {
        state.withLock { $0.progress.read(line, at: .now) }
        if let prefix = line.firstRange(of: Self.panicPrefix) {
            let cause = String(line[prefix.upperBound...].filter { !$0.isNewline })
            state.withLock { $0.panic = $0.panic ?? cause }
        }
    }

    /// Handles the start of QEMU in a process group.
    func started(_ group: pid_t) {
        state.withLock { state in
            state.group = group
            if state.progress.stage == .silent { state.progress = BootProgress(start: .now) }
        }
    }

    /// Handles the end of QEMU.
    func ended() { state.withLock { $0.group = nil } }

    /// Kills QEMU if it still runs a time after the guest has booted.
    func kill(after limit: Duration) async {
        // A guest that has not booted cannot exceed the limit before this time.
        while let end = state.withLock({ $0.end(after: limit) }) {
            guard (try? await Task.sleep(until: end, clock: .suspending)) != nil else { return }
        }
        state.withLock { $0.kill(because: .run) }
    }

    /// Kills QEMU when the guest shows no sign of life for too long before it has booted.
    func killUnlessBooted(_ timeouts: BootTimeouts) async {
        // Each sign of life moves the deadline.
        while let deadline = state.withLock({ $0.progress.deadline(timeouts) }) {
            guard (try? await Task.sleep(until: deadline, clock: .suspending)) != nil else { return }
            let isOver = state.withLock { state in
                guard let current = state.progress.deadline(timeouts) else { return true }
                guard current <= .now else { return false }
                let isSilent = state.progress.isSilent(timeouts, at: .now)
                state.kill(because: isSilent ? .boot(state.progress.stage) : .endlessBoot)
                return true
            }
            if isOver { return }
        }
    }
}

/// An error for a guest that did not boot: none of its work has begun.
struct GuestBootError: Error {
    /// The error for the user.
    let error: ToolError
    /// True if the boot timeout expired; false if QEMU ended by itself.
    let isTimeout: Bool
}
