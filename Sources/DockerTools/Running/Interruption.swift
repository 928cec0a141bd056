import Failures
import Foundation
import Glibc

/// Ends the process as SIGINT and SIGTERM ask, and leaves nothing behind.
public enum Interruption {
    /// Where the signal handler writes the signal's number: a handler may do little else.
    nonisolated(unsafe) private static var pipeEnd: Int32 = -1

    /// Sets the handlers, and lets a closed pipe be an error of the write. To be called once, first of all.
    public static func install() {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        pipeEnd = ends[1]
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(Interruption.pipeEnd, &byte, 1)
            }
        }
        let readEnd = ends[0]
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while read(readEnd, &byte, 1) != 1 {}
            let code: ExitCode = Int32(byte) == SIGTERM ? .terminated : .interrupted
            let words = Array(
                "error: \(code == .terminated ? "terminated" : "interrupted"), nothing was left behind\n".utf8)
            _ = write(STDERR_FILENO, words, words.count)
            Cleanup.shared.exit(code.rawValue)
        }
    }

    /// Opens the null device in the place of each standard stream that was closed, so that no output file gets its number;
    /// on standard output so that writing fails as it would have.
    public static func fillStandardStreams() {
        for (descriptor, flags) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", flags)
        }
    }
}
