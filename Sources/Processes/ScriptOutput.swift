import ByteIO
import Errors
import Foundation
import Glibc
import Synchronization
package import SystemPackage

/// Reads the output of a script or a tool line by line, on a thread of its own, and keeps the last lines.
package final class ScriptOutput: Sendable {
    /// The longest line in bytes. Longer ones are split.
    private static let lineLength = 64 * 1024

    /// The descriptor that the script writes to.
    package let writeEnd: Int32
    private let readEnd: Int32
    private let limit: Int
    private let output: @Sendable (String) -> Void
    private let lines = Mutex<[String]>([])
    private let isDone = DispatchSemaphore(value: 0)

    private init(readEnd: Int32, writeEnd: Int32, limit: Int, output: @escaping @Sendable (String) -> Void) {
        self.readEnd = readEnd
        self.writeEnd = writeEnd
        self.limit = limit
        self.output = output
    }

    /// Makes a pipe and starts to read it.
    ///
    /// - Parameters:
    ///   - limit: the number of lines to keep.
    ///   - output: called with each line when it arrives, on the reading thread.
    /// - Throws: `ToolError` with code `io` if there are no descriptors left, `unavailable` if no thread can be started.
    package static func start(
        limit: Int, output: @escaping @Sendable (String) -> Void
    ) throws -> ScriptOutput {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ToolError.io("cannot make a pipe for a script") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let lines = ScriptOutput(readEnd: ends[0], writeEnd: ends[1], limit: limit, output: output)
        do {
            try BackgroundThread.start { lines.read() }
        } catch {
            close(ends[1])
            throw error
        }
        return lines
    }

    deinit { close(readEnd) }

    /// The path at which another process can open the writing end while this object exists.
    ///
    /// - Throws: `ToolError` with code `unavailable` if /proc is not mounted.
    package var path: FilePath {
        get throws {
            let path = FilePath("/proc/\(getpid())/fd/\(writeEnd)")
            guard path.withPlatformString({ access($0, F_OK) }) == 0 else {
                throw ToolError(
                    .unavailable, "cannot give a pipe to another process", cause: "/proc is not mounted",
                    remedy: "mount /proc (mount -t proc proc /proc)")
            }
            return path
        }
    }

    /// The last lines, the oldest first.
    package var last: [String] { lines.withLock { $0 } }

    /// Closes the writing end of this process and waits until the output has ended.
    package func finish() {
        close(writeEnd)
        isDone.wait()
    }

    /// Closes the writing end of this process, and waits for a while until the output has ended: another process may
    /// have the writing end too, and go on for long.
    ///
    /// - Parameter seconds: the longest time to wait.
    package func finish(within seconds: Double) {
        close(writeEnd)
        _ = isDone.wait(timeout: .now() + seconds)
    }

    private func read() {
        var buffer = [UInt8](repeating: 0, count: Self.lineLength)
        var rest: [UInt8] = []
        while true {
            let count = Glibc.read(readEnd, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest += buffer[..<count]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                take(rest[..<end])
                rest.removeSubrange(...end)
            }
            if rest.count >= buffer.count {
                take(rest[...])
                rest.removeAll()
            }
        }
        if !rest.isEmpty { take(rest[...]) }
        isDone.signal()
    }

    private func take(_ bytes: ArraySlice<UInt8>) {
        let line = String(decoding: bytes, as: UTF8.self)
        output(line)
        lines.withLock { lines in
            lines.append(line)
            if lines.count > limit { lines.removeFirst() }
        }
    }
}
