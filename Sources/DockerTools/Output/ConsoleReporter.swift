import ByteIO
import CLinux
import Foundation
import Glibc
public import Images
public import OCI
public import Registry
import Synchronization

/// Reports to people on standard error: with a progress bar on a terminal, else with one line for each layer.
public final class ConsoleReporter: Reporter {
    /// The maximum number of redraws in a second.
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

    /// Creates a reporter.
    ///
    /// - Parameter isQuiet: whether nothing is reported.
    public init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        columns = isQuiet ? 0 : Int(clinux_terminal_columns(STDERR_FILENO))
    }

    private var isTerminal: Bool { columns > 0 }

    /// Prints a fact.
    public func note(_ text: String) { emit(text.onOneLine) }

    /// Prints a possible problem.
    public func warn(_ text: String) { emit("warning: \(text.onOneLine)") }

    /// Prints a line of a script.
    public func scriptOutput(_ line: String) { emit(line) }

    /// Shows the layer that begins.
    public func layer(_ number: Int, of count: Int, title: String, size: UInt64) {
        guard isTerminal else {
            emit("layer \(number)/\(count)  \(ByteCount(size))  \(title.onOneLine)")
            return
        }
        state.withLock { state in
            let bytes = state.layer.totalBytes
            state.layer = ProgressLine(number: number, count: count, title: title, size: size, bytesBefore: bytes)
            if state.started == nil { state.started = Self.now }
            draw(&state)
        }
    }

    /// Shows how much of an image's layers is uploaded, from now on.
    public func pushing(_ count: Int, size: UInt64) {
        guard isTerminal else { return }
        state.withLock { state in
            state.layer = ProgressLine(uploading: count, size: size)
            state.started = Self.now
        }
    }

    /// Corrects the number of bytes to upload.
    public func resize(by difference: Int64) {
        state.withLock { state in
            state.layer.size = UInt64(clamping: Int64(clamping: state.layer.size) + difference)
        }
    }

    /// Prints a layer that is in the registry.
    public func pushed(_ layer: PushedLayer, number: Int, of count: Int) {
        let how =
            switch layer.status {
            case .uploaded: "uploaded"
            case .exists: "already exists"
            case .mounted: "mounted from another repository"
            }
        state.withLock { $0.layer.number = number }
        emit("layer \(number)/\(count)  \(ByteCount(layer.blob.size))  \(layer.blob.digest)  \(how)")
    }

    /// Prints a layer that was fetched.
    public func finished(_ layer: Digest, size: UInt64) { emit("layer \(layer)  \(ByteCount(size))  is here") }

    /// Updates the progress.
    public func advance(_ bytes: Int) {
        guard isTerminal else { return }
        state.withLock { state in
            state.layer.bytes += UInt64(bytes)
            if state.layer.count > 0, Self.now - state.lastDrawn >= 1 / Self.redrawsPerSecond { draw(&state) }
        }
    }

    /// Ends the progress report.
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

    private func emit(_ line: String) {
        guard !isQuiet else { return }
        state.withLock { state in
            clear(&state)
            Self.write(line.printable + "\n")
        }
    }

    /// Seconds of a monotonic clock.
    private static var now: Double { ProcessInfo.processInfo.systemUptime }

    /// Writes to standard error; errors are ignored because they cannot be reported anywhere.
    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}

/// A progress bar with the current layer, the bytes so far and their rate, on one line.
///
/// Uploads run in parallel, so their line is of all layers: the number of those that are done, and the bytes of all.
struct ProgressLine {
    /// The number of the current layer, from 1; of uploads, the number of layers that are done.
    var number: Int
    /// The number of layers in the image.
    var count: Int
    var title: String
    /// The size in bytes of the layer, or of all uploads.
    var size: UInt64
    /// Whether the line is of uploads.
    var isOfUploads = false
    /// The size of the layers below in bytes.
    var bytesBefore: UInt64 = 0
    /// The bytes of this layer that are done.
    var bytes: UInt64 = 0

    private static let barWidth = 24

    /// - Parameters:
    ///   - number: the number of the layer, from 1.
    ///   - count: the number of layers in the image.
    ///   - size: the size of the layer in bytes.
    ///   - bytesBefore: the size of the layers below in bytes.
    ///   - bytes: the bytes of the layer that are done.
    init(number: Int, count: Int, title: String, size: UInt64, bytesBefore: UInt64 = 0, bytes: UInt64 = 0) {
        (self.number, self.count, self.title, self.size) = (number, count, title, size)
        (self.bytesBefore, self.bytes) = (bytesBefore, bytes)
    }

    /// The line of an image's uploads, before the first one.
    ///
    /// - Parameters:
    ///   - count: the number of layers in the image.
    ///   - size: the number of bytes to upload.
    init(uploading count: Int, size: UInt64) {
        self.init(number: 0, count: count, title: "", size: size)
        isOfUploads = true
    }

    var totalBytes: UInt64 { bytesBefore + bytes }

    /// The text of the line.
    ///
    /// - Parameters:
    ///   - seconds: the time since the first layer began.
    ///   - columns: the maximum length of the line.
    func text(seconds: Double, columns: Int) -> String {
        let part = size > 0 ? Double(min(bytes, size)) / Double(size) : 0
        let ofLayers = count > 0 ? (Double(max(0, number - 1)) + part) / Double(count) : 0
        let share = isOfUploads ? part : ofLayers
        let filled = Int(share * Double(Self.barWidth))
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: Self.barWidth - filled)
        let rate = seconds > 0.2 ? "  \(ByteCount(UInt64(Double(totalBytes) / seconds)))/s" : ""
        let total = isOfUploads ? " of \(ByteCount(max(size, bytes)))" : ""
        let end = isOfUploads ? "" : "  \(title.onOneLine)"
        return String("[\(bar)] \(number)/\(count)  \(ByteCount(totalBytes))\(total)\(rate)\(end)".prefix(columns))
    }
}

/// Receives progress, notes and warnings while an operation runs. None of them is a result.
///
/// The functions may be called by several threads at the same time.
public protocol Reporter: Images.Progress, FetchProgress, PushProgress {
    /// Reports a fact.
    func note(_ text: String)
    /// Reports a possible problem.
    func warn(_ text: String)
    /// Reports a line that a script of the spec wrote.
    func scriptOutput(_ line: String)
}

/// Ignores all progress, notes and warnings.
public struct SilentReporter: Reporter {
    /// Creates a reporter.
    public init() {}
    /// Does nothing.
    public func layer(_ number: Int, of count: Int, title: String, size: UInt64) {}
    /// Does nothing.
    public func advance(_ bytes: Int) {}
    /// Does nothing.
    public func finish() {}
    /// Does nothing.
    public func note(_ text: String) {}
    /// Does nothing.
    public func warn(_ text: String) {}
    /// Does nothing.
    public func scriptOutput(_ line: String) {}
}
