import ByteIO
import CLinux
import Foundation
import Glibc
import Images
import OCI
import Registry
import Synchronization

/// Tells people on standard error how the work goes on: a bar on a terminal, a plain line a layer elsewhere.
package final class ConsoleReporter: Reporter {
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
    package init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        columns = isQuiet ? 0 : Int(clinux_terminal_columns(STDERR_FILENO))
    }

    private var isTerminal: Bool { columns > 0 }

    package func note(_ text: String) { tell(text.onOneLine) }

    package func warn(_ text: String) { tell("warning: \(text.onOneLine)") }

    package func scriptOutput(_ line: String) { tell(line) }

    package func layer(_ number: Int, of count: Int, title: String, size: UInt64) {
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

    package func pushed(_ layer: PushedLayer, number: Int, of count: Int) {
        let how =
            switch layer.status {
            case .uploaded: "uploaded"
            case .exists: "already exists"
            case .mounted: "mounted from another repository"
            }
        tell("layer \(number)/\(count)  \(ByteCount(layer.blob.size))  \(layer.blob.digest)  \(how)")
    }

    package func finished(_ layer: Digest, size: UInt64) { tell("layer \(layer)  \(ByteCount(size))  is here") }

    package func advance(_ bytes: Int) {
        guard isTerminal else { return }
        state.withLock { state in
            state.layer.bytes += UInt64(bytes)
            if Self.now - state.lastDrawn >= 1 / Self.redrawsPerSecond { draw(&state) }
        }
    }

    package func finish() {
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

/// A bar with the layer at hand, the bytes so far and their rate, on one line.
struct ProgressLine {
    /// Of the layer, from 1 on.
    var number: Int
    /// Layers in the image.
    var count: Int
    var title: String
    /// Bytes of the layer.
    var size: UInt64
    /// Bytes of the layers below.
    var bytesBefore: UInt64 = 0
    /// Bytes of this layer so far.
    var bytes: UInt64 = 0

    private static let barWidth = 24

    var totalBytes: UInt64 { bytesBefore + bytes }

    /// - Parameters:
    ///   - seconds: since the first layer began.
    ///   - columns: the most that the line may have.
    func text(seconds: Double, columns: Int) -> String {
        let part = size > 0 ? Double(min(bytes, size)) / Double(size) : 0
        let share = count > 0 ? (Double(max(0, number - 1)) + part) / Double(count) : 0
        let filled = Int(share * Double(Self.barWidth))
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: Self.barWidth - filled)
        let rate = seconds > 0.2 ? "  \(ByteCount(UInt64(Double(totalBytes) / seconds)))/s" : ""
        return String(
            "[\(bar)] \(number)/\(count)  \(ByteCount(totalBytes))\(rate)  \(title.onOneLine)".prefix(columns))
    }
}

/// Is told what people should see while the program works; nothing of it is a result.
package protocol Reporter: Images.Progress, FetchProgress, PushProgress {
    /// Something worth knowing.
    func note(_ text: String)
    /// Something that may be wrong.
    func warn(_ text: String)
    /// A line that a script of the spec wrote.
    func scriptOutput(_ line: String)
}

/// Drops all progress, notes and warnings.
package struct SilentReporter: Reporter {
    package init() {}
    package func layer(_ number: Int, of count: Int, title: String, size: UInt64) {}
    package func advance(_ bytes: Int) {}
    package func finish() {}
    package func note(_ text: String) {}
    package func warn(_ text: String) {}
    package func scriptOutput(_ line: String) {}
}
