import Errors
import Glibc
import GuestProtocol
import Synchronization
import SystemPackage

/// Watches a guest's console, and kills QEMU when a timeout expires.
final class GuestWatchdog: Sendable {
    /// The timeout that expired.
    enum Timeout: Sendable, Equatable {
        /// The guest did not boot in time.
        case boot
        /// The run exceeded its time limit.
        case run
    }

    private struct State {
        var group: pid_t?
        var hasBooted = false
        var panic: String?
        var expired: Timeout?
    }

    private static let panicPrefix = "Kernel panic - not syncing: "

    private let state = Mutex(State())

    /// True if the guest has written its first line.
    var hasBooted: Bool { state.withLock(\.hasBooted) }
    /// The message of a kernel panic.
    var panic: String? { state.withLock(\.panic) }
    /// The timeout for which QEMU was killed.
    var expired: Timeout? { state.withLock(\.expired) }

    /// Handles a line of the console.
    func read(_ line: String) {
        if line.contains(GuestDevice.hello) { state.withLock { $0.hasBooted = true } }
        if let prefix = line.firstRange(of: Self.panicPrefix) {
            let cause = String(line[prefix.upperBound...].filter { !$0.isNewline })
            state.withLock { $0.panic = $0.panic ?? cause }
        }
    }

    /// Handles the start of QEMU in a process group.
    func started(_ group: pid_t) { state.withLock { $0.group = group } }

    /// Handles the end of QEMU.
    func ended() { state.withLock { $0.group = nil } }

    /// Waits for a duration, then kills QEMU if it still runs and, for the boot timeout, if the guest has not booted.
    func kill(after time: Duration, because timeout: Timeout) async {
        guard (try? await Task.sleep(for: time)) != nil else { return }
        state.withLock { state in
            guard let group = state.group, timeout != .boot || !state.hasBooted else { return }
            state.expired = timeout
            Glibc.kill(-group, SIGKILL)
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
