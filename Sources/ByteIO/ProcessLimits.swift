import CLinux
import Dispatch
import Errors
import Glibc
import Synchronization
import SystemPackage

/// Checks that the system gives this process the file descriptors and threads without which libraries abort or hang.
///
/// SwiftNIO and libdispatch abort the process without a descriptor for an event loop. Without a thread, SwiftNIO aborts
/// it, and libdispatch waits until there is one.
package enum ProcessLimits {
    /// Checks that descriptors can be opened, by opening and closing them.
    ///
    /// - Parameter count: the number of descriptors besides those that are open.
    /// - Throws: `ToolError` with code `unavailable`.
    package static func requireDescriptors(_ count: Int) throws {
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        for _ in 0..<count {
            let descriptor = descriptors.first.map { fcntl($0, F_DUPFD_CLOEXEC, 0) } ?? open("/", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw ToolError(
                    .unavailable, "cannot open \(count) more files", cause: Errno.current.reason,
                    remedy: "raise the limit on open files (ulimit -n)")
            }
            descriptors.append(descriptor)
        }
    }

    /// Checks that threads can be started, by starting and ending them.
    ///
    /// - Parameter count: the number of threads besides those that run.
    /// - Throws: `ToolError` with code `unavailable`.
    package static func requireThreads(_ count: Int) throws {
        let probe = ThreadProbe()
        defer { probe.end() }
        for _ in 0..<count { try probe.start() }
    }
}

/// Threads that wait until they are ended.
private final class ThreadProbe: Sendable {
    /// Waits between two looks at an ending thread, in microseconds.
    private static let pause: useconds_t = 100
    /// The number of looks at an ending thread: its id may belong to another thread by then.
    private static let looks = 1000

    private let threads = Mutex<[pid_t]>([])
    private let started = DispatchSemaphore(value: 0)
    private let gate = DispatchSemaphore(value: 0)

    /// Starts a thread, and waits until it runs.
    ///
    /// - Throws: `ToolError` with code `unavailable`.
    func start() throws {
        try BackgroundThread.start { [self] in
            threads.withLock { $0.append(clinux_thread_id()) }
            started.signal()
            gate.wait()
        }
        started.wait()
    }

    /// Ends the threads, and waits until the system no longer counts them.
    func end() {
        let threads = threads.withLock { $0 }
        for _ in threads { gate.signal() }
        for thread in threads {
            for _ in 0..<Self.looks where clinux_has_thread(thread) != 0 { usleep(Self.pause) }
        }
    }
}
