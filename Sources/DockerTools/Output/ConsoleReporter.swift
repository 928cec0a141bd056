import CLinux
import Digests
import Foundation
import Glibc
import Registry
import Synchronization

/// Tells people on standard error how the work goes on: a bar on a terminal, a plain line a layer elsewhere.
public final class ConsoleReporter: Reporter {
    /// At most so many redraws a second.
    private static let redrawsPerSecond = 10.0

    private struct State {
        var layer = ProgressLine(number: 0, count: 0, title: "", size: 0)
        var started: Double?
        var lastDrawn = 0.0
        var isDrawn = false
    }

    private let isQuiet: Bool
    private let columns: Int
    private let state = Mutex(State())

    /// - Parameter isQuiet: nothing is told at all.
    public init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        columns = isQuiet ? 0 : Int(clinux_terminal_columns(STDERR_FILENO))
    }

    private var isTerminal: Bool { columns > 0 }

    public func note(_ text: String) { tell(text.onOneLine) }

    public func warn(_ text: String) { tell("warning: \(text.onOneLine)") }

    public func scriptOutput(_ line: String) { tell(line) }

    public func layer(_ number: Int, of count: Int, title: String, size: UInt64) {
        guard isTerminal else {
            tell("layer \(number)/\(count)  \(ByteCount(size))  \(title)")
            return
        }
        state.withLock { state in
            let bytes = state.layer.totalBytes
            state.layer = ProgressLine(number: number, count: count, title: title, size: size, bytesBefore: bytes)
            if state.started == nil { state.started = Self.now }
            draw(&state)
        }
    }

    public func pushed(_ layer: PushedLayer, number: Int, of count: Int) {
        let how =
            switch layer.way {
            case .sent: "sent"
            case .there: "there already"
            case .mounted: "taken from another repository"
            }
        tell("layer \(number)/\(count)  \(ByteCount(layer.blob.size))  \(layer.blob.digest)  \(how)")
    }

    public func finished(_ layer: Digest, size: UInt64) { tell("layer \(layer)  \(ByteCount(size))  is here") }

    public func advance(_ bytes: Int) {
        guard isTerminal else { return }
        state.withLock { state in
            state.layer.bytes += UInt64(bytes)
            if Self.now - state.lastDrawn >= 1 / Self.redrawsPerSecond { draw(&state) }
        }
    }

    public func finish() {
        state.withLock { clear(&$0) }
    }

    private func draw(_ state: inout State) {
        state.lastDrawn = Self.now
        state.isDrawn = true
        let seconds = state.lastDrawn - (state.started ?? state.lastDrawn)
        Self.write("\r\u{1B}[K" + state.layer.text(seconds: seconds, columns: columns - 1))
    }

    private func clear(_ state: inout State) {
        guard state.isDrawn else { return }
        state.isDrawn = false
        Self.write("\r\u{1B}[K")
    }

    private func tell(_ line: String) {
        guard !isQuiet else { return }
        state.withLock { state in
            clear(&state)
            Self.write(line + "\n")
        }
    }

    /// Seconds by a clock that is never set.
    private static var now: Double { ProcessInfo.processInfo.systemUptime }

    /// Nobody can be told that nobody can be told anything: errors are dropped.
    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
