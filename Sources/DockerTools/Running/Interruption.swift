import Failures
import Foundation
import Glibc

/// Ends the process as SIGINT and SIGTERM ask, and leaves nothing behind.
public enum Interruption {
    /// Where the signal handler writes the signal's number: a handler may do little else.
    nonisolated(unsafe) private static var pipeEnd: Int32 = -1
    /// Whether a signal came. Only its handler sets it.
    nonisolated(unsafe) private static var isUnderWay = false

    /// Sets the handlers, and lets a closed pipe be an error of the write. To be called once, first of all.
    public static func install() {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        pipeEnd = ends[1]
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                Interruption.isUnderWay = true
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(Interruption.pipeEnd, &byte, 1)
            }
        }
        let readEnd = ends[0]
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while read(readEnd, &byte, 1) != 1 {}
            let code: ExitCode = Int32(byte) == SIGTERM ? .terminated : .interrupted
            let clear = isatty(STDERR_FILENO) == 1 ? "\r\u{1B}[K" : ""
            let how = code == .terminated ? "terminated" : "interrupted"
            let words = Array("\(clear)error: \(how), nothing was left behind\n".utf8)
            _ = write(STDERR_FILENO, words, words.count)
            Cleanup.shared.exit(code.rawValue)
        }
    }

    /// Waits for the end where a signal came: what fails then may come of it, as Ctrl-C ends all of a pipeline.
    public static func giveWay() {
        var (asked, pending) = (sigset_t(), sigset_t())
        for number in [SIGINT, SIGTERM] { sigaddset(&asked, number) }
        // What another thread is about to take shows as pending only where it is blocked.
        pthread_sigmask(SIG_BLOCK, &asked, nil)
        sigpending(&pending)
        let isComing = [SIGINT, SIGTERM].contains { sigismember(&pending, $0) == 1 }
        while isComing || isUnderWay { pause() }
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
