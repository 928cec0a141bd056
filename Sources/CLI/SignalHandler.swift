import ByteIO
import DockerTools
import Errors
import Glibc

/// Ends the process after SIGINT and SIGTERM without leaving partial files, directories or processes.
enum SignalHandler {
    /// The pipe that the handler writes the signal's number to. A signal handler may call few functions (signal-safety(7)).
    nonisolated(unsafe) private static var pipeEnd: Int32 = -1
    /// Whether a signal has arrived. Only the handler writes it.
    nonisolated(unsafe) private static var isInterrupted = false

    /// Installs the handlers, and ignores SIGPIPE so that a closed pipe is an error of write(2). Call it once at the start.
    ///
    /// The thread that cleans up waits from the start on, since after the signal the system may give no thread.
    ///
    /// - Parameters:
    ///   - cleanup: the registry that is emptied after a signal.
    ///   - supervisor: ends processes that scripts started outside of their process groups.
    /// - Throws: `ToolError` with code `io` without descriptors for a pipe, `unavailable` without a thread; then no handler
    ///   for SIGINT and SIGTERM is installed.
    static func install(emptying cleanup: CleanupRegistry, with supervisor: any ProcessSupervisor) throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ToolError.io("cannot make a pipe for signals") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        pipeEnd = ends[1]
        let readEnd = ends[0]
        try BackgroundThread.start { cleanUp(after: readEnd, emptying: cleanup, with: supervisor) }
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                SignalHandler.isInterrupted = true
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(SignalHandler.pipeEnd, &byte, 1)
            }
        }
    }

    /// Waits for a signal, and ends the process without leaving anything behind.
    ///
    /// - Parameter readEnd: the end of the pipe that the signal's number is read from.
    private static func cleanUp(
        after readEnd: Int32, emptying cleanup: CleanupRegistry, with supervisor: any ProcessSupervisor
    ) {
        var byte: UInt8 = 0
        while read(readEnd, &byte, 1) != 1 {}
        let isTermination = Int32(byte) == SIGTERM
        let clear = isatty(STDERR_FILENO) == 1 ? "\r\u{1B}[K" : ""
        let verb = isTermination ? "terminated" : "interrupted"
        let message = Array("\(clear)error: \(verb), nothing was left behind\n".utf8)
        let terminal = silenceStandardError()
        _ = write(terminal, message, message.count)
        cleanup.empty(with: supervisor) { _exit(isTermination ? ExitStatus.terminated : ExitStatus.interrupted) }
    }

    /// Makes the message about the signal the last one: what scripts and their tools write while they are ended, such as
    /// fakeroot's complaints about its lost server, says nothing to the user.
    ///
    /// - Returns: a descriptor of the former standard error.
    private static func silenceStandardError() -> Int32 {
        let terminal = dup(STDERR_FILENO)
        let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
        guard terminal >= 0, null >= 0, dup2(null, STDERR_FILENO) >= 0 else { return STDERR_FILENO }
        return terminal
    }

    /// Waits for the end of the process if a signal has arrived: an error may be a consequence of the signal, for example
    /// if Ctrl-C ends a whole pipeline.
    static func waitIfInterrupted() {
        var (signals, pending) = (sigset_t(), sigset_t())
        for number in [SIGINT, SIGTERM] { sigaddset(&signals, number) }
        // A signal that another thread is about to handle is pending only if it is blocked.
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        sigpending(&pending)
        let isPending = [SIGINT, SIGTERM].contains { sigismember(&pending, $0) == 1 }
        while isPending || isInterrupted { pause() }
    }
}
