import Errors
import Glibc
import GuestProtocol
import Synchronization
import SystemPackage

/// Listens to a guest's console, and ends QEMU when its time is over.
final class GuestWatchdog: Sendable {
    /// Why QEMU was ended.
    enum End: Sendable, Equatable {
        /// The guest said nothing.
        case silent
        /// The time for the run was over.
        case late
    }

    private struct State {
        var group: pid_t?
        var hasSaidHello = false
        var panic: String?
        var end: End?
    }

    private static let panicWords = "Kernel panic - not syncing: "

    private let state = Mutex(State())

    var hasSaidHello: Bool { state.withLock(\.hasSaidHello) }
    /// How the kernel died, in its own words.
    var panic: String? { state.withLock(\.panic) }
    var end: End? { state.withLock(\.end) }

    /// A line of the console.
    func hear(_ line: String) {
        if line.contains(GuestDevice.hello) { state.withLock { $0.hasSaidHello = true } }
        if let words = line.firstRange(of: Self.panicWords) {
            let cause = String(line[words.upperBound...].filter { !$0.isNewline })
            state.withLock { $0.panic = $0.panic ?? cause }
        }
    }

    func started(_ group: pid_t) { state.withLock { $0.group = group } }
    func ended() { state.withLock { $0.group = nil } }

    /// Waits, and ends QEMU then if it still runs; one that waits for a word alone, unless there was one.
    func end(after time: Duration, because end: End) async {
        guard (try? await Task.sleep(for: time)) != nil else { return }
        state.withLock { state in
            guard let group = state.group, end != .silent || !state.hasSaidHello else { return }
            state.end = end
            kill(-group, SIGKILL)
        }
    }
}

/// The guest never said a word: whatever it was to do has not begun.
struct GuestSilence: Error {
    let failure: ToolError
    /// Whether QEMU ran on, and the guest did not.
    let isForWantOfTime: Bool
}

/// The program that is PID 1 in the virtual machine.
package enum GuestProgram {
    private static let name = "dockertools-guest"

    /// Finds it beside this program, or in ../libexec/dockertools.
    ///
    /// - Parameter directory: where this program lies.
    /// - Throws: `ToolError` with code `unavailable` if it is in neither place.
    package static func find(beside directory: FilePath) throws -> FilePath {
        let places = [
            directory.appending(name),
            directory.removingLastComponent().appending("libexec/dockertools").appending(name),
        ]
        let found = places.first { $0.withPlatformString { access($0, R_OK) } == 0 }
        guard let found else {
            throw ToolError(
                .unavailable, "cannot find \(name), which runs in the virtual machine",
                cause: "it is neither \(places[0]) nor \(places[1])",
                remedy: "install the whole program: make install, or make build where it was built")
        }
        return found
    }
}
