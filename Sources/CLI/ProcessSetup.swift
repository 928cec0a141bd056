import CLinux
import DockerTools
import Foundation
import Glibc

/// Changes this process at its start: standard streams, signals, umask and memory allocator. The library changes none of
/// them.
enum ProcessSetup {
    /// The files, directories and processes to remove after a signal.
    private static let cleanup = CleanupRegistry()
    /// The umask of the program and its scripts, which must not depend on the user's because it shows in images.
    private static let imageMask: mode_t = 0o022
    /// The user's umask, for output files.
    private static let userMask = umask(imageMask)

    /// glibc's default threshold above which blocks are returned to the system, in bytes.
    private static let allocationThreshold: Int32 = 128 * 1024
    /// The number of heaps for small blocks. The default of eight for each processor wastes memory in gaps.
    private static let heapCount: Int32 = 2

    /// Changes the process. Call it once at the start.
    static func run() {
        fillStandardStreams()
        SignalHandler.install(emptying: cleanup, with: OrphanReaper())
        _ = userMask
        // Without the fixed threshold, glibc raises it when blocks are freed, and keeps them for each thread.
        clinux_limit_heaps(allocationThreshold, heapCount)
    }

    /// Opens the null device for each standard stream that is closed, so that no output file gets its number. The direction
    /// is the wrong one, so that using the stream is still an error.
    private static func fillStandardStreams() {
        for (descriptor, flags) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", flags)
        }
    }

    /// The context of the program's operations.
    ///
    /// - Parameter reporter: receives progress, notes and warnings.
    static func context(_ reporter: any Reporter) -> Context {
        var context = Context.process
        context.cleanup = cleanup
        context.fileCreationMask = userMask
        context.processSupervisor = OrphanReaper()
        context.reporter = reporter
        return context
    }
}
