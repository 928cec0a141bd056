import CLinux
import Foundation
import Glibc

/// Ends the process as SIGINT and SIGTERM ask, and leaves nothing behind.
package enum SignalHandler {
    /// Where the signal handler writes the signal's number: a handler may do little else.
    nonisolated(unsafe) private static var pipeEnd: Int32 = -1
    /// Whether a signal came. Only its handler sets it.
    nonisolated(unsafe) private static var isUnderWay = false

    /// Sets the handlers, and lets a closed pipe be an error of the write. To be called once, first of all.
    package static func install() {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        pipeEnd = ends[1]
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                SignalHandler.isUnderWay = true
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(SignalHandler.pipeEnd, &byte, 1)
            }
        }
        let readEnd = ends[0]
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while read(readEnd, &byte, 1) != 1 {}
            let isTermination = Int32(byte) == SIGTERM
            let clear = isatty(STDERR_FILENO) == 1 ? "\r\u{1B}[K" : ""
            let how = isTermination ? "terminated" : "interrupted"
            let words = Array("\(clear)error: \(how), nothing was left behind\n".utf8)
            _ = write(STDERR_FILENO, words, words.count)
            Cleanup.shared.exit(128 + Int32(byte))
        }
    }

    /// Waits for the end where a signal came: what fails then may come of it, as Ctrl-C ends all of a pipeline.
    package static func giveWay() {
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
    package static func fillStandardStreams() {
        for (descriptor, flags) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", flags)
        }
    }
}

/// What becomes of buffers that are not needed any more.
package enum AllocatorTuning {
    /// glibc's own threshold at the start, in bytes.
    private static let threshold: Int32 = 128 * 1024

    /// Heaps for small blocks. By default it makes eight for each processor, each with gaps of its own.
    private static let heaps: Int32 = 2

    /// Has buffers go back to the system when they are freed. Left to itself, glibc keeps them once some have been freed,
    /// for each thread those that it made. To be called first of all.
    package static func giveBack() { clinux_limit_heaps(threshold, heaps) }
}
