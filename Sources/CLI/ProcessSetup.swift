import ByteIO
import CLinux
import DockerTools
import Errors
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

    /// The file descriptors that every command needs: its files, and those of the system's libraries.
    private static let descriptorCount = 16
    /// The threads that every command needs besides the main thread and that of the signal handler.
    private static let threadCount = 12 + 2 * workerCount

    /// Changes the process. Call it once at the start.
    ///
    /// - Throws: `ToolError` if the system gives too few descriptors or threads.
    static func run() throws {
        fillStandardStreams()
        try SignalHandler.install(emptying: cleanup, with: OrphanReaper())
        try requireProc()
        try ProcessLimits.requireDescriptors(descriptorCount)
        try ProcessLimits.requireThreads(threadCount)
        _ = userMask
        // Without the fixed threshold, glibc raises it when blocks are freed, and keeps them for each thread.
        clinux_limit_heaps(allocationThreshold, heapCount)
    }

    /// Checks that /proc is mounted: libdispatch reads the state of its threads there once a second, and ends the process if
    /// it cannot (`src/event/workqueue.c` of swift-corelibs-libdispatch).
    ///
    /// - Throws: `ToolError` with code `unavailable`.
    private static func requireProc() throws {
        guard access("/proc/self/stat", R_OK) != 0 else { return }
        throw ToolError(
            .unavailable, "cannot run without /proc", cause: "/proc is not mounted",
            remedy: "mount it: mount -t proc proc /proc")
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
