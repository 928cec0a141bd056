import ByteIO
import Errors
import Foundation
import Glibc
import Synchronization
import SystemPackage

/// Reads what a script writes, line by line, on a thread of its own, and keeps the last lines.
package final class ScriptOutput: Sendable {
    /// Where the script writes.
    package let writeEnd: Int32
    private let readEnd: Int32
    private let limit: Int
    private let output: @Sendable (String) -> Void
    private let lines = Mutex<[String]>([])
    private let isDone = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - limit: how many lines are kept.
    ///   - output: called with each line, as it comes.
    package init(limit: Int, output: @escaping @Sendable (String) -> Void) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ToolError.io("cannot make a pipe for a script") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (readEnd, writeEnd) = (ends[0], ends[1])
        self.limit = limit
        self.output = output
        BackgroundThread.start { [self] in read() }
    }

    deinit { close(readEnd) }

    /// Where another process can open the writing end, as long as this object is there.
    package var path: FilePath { FilePath("/proc/\(getpid())/fd/\(writeEnd)") }

    /// The last lines.
    package var last: [String] { lines.withLock { $0 } }

    /// Closes this side's writing end, and waits for the last of the output.
    package func finish() {
        close(writeEnd)
        isDone.wait()
    }

    private func read() {
        // A line longer than this is cut into several.
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
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

/// Who is to know of programs while they run, so that they end with this one.
package struct ProcessGroups: Sendable {
    package let started: @Sendable (pid_t) -> Void
    package let ended: @Sendable (pid_t) -> Void

    /// - Parameters:
    ///   - started: called with the number of a program's process group when it runs.
    ///   - ended: called with it when it has ended.
    package init(started: @escaping @Sendable (pid_t) -> Void, ended: @escaping @Sendable (pid_t) -> Void) {
        self.started = started
        self.ended = ended
    }
}
