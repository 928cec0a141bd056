import ByteIO
import Dispatch
import Synchronization

/// Runs the jobs of operations on threads of its own.
///
/// Operations read files, compute and wait for other threads. On Swift's cooperative threads, of which there is one for each
/// processor, that would stop all other tasks of the process. This executor starts another thread if all are busy.
final class BlockingExecutor: TaskExecutor {
    static let shared = BlockingExecutor()

    /// The time after which a thread without work ends, in seconds.
    private static let idleTime = 5.0

    private struct State {
        /// Jobs that no thread has taken, the oldest first.
        var jobs: [UnownedJob] = []
        /// The number of threads that wait and have not been woken.
        var idle = 0
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    private init() {}

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isThreadIdle = state.withLock { state in
            state.jobs.append(job)
            guard state.idle > 0 else { return false }
            state.idle -= 1
            return true
        }
        if isThreadIdle {
            wake.signal()
        } else {
            do {
                try BackgroundThread.start { [self] in work() }
            } catch {
                runWaitingJobs()
            }
        }
    }

    /// Runs jobs on the calling thread: without a further thread they might never run.
    private func runWaitingJobs() {
        while let job = state.withLock({ $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }) {
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    /// Runs jobs until there are none for a while.
    private func work() {
        repeat {
            while let job = next() { job.runSynchronously(on: asUnownedTaskExecutor()) }
        } while waitForJob()
    }

    /// The oldest job. Without jobs the thread counts as idle.
    private func next() -> UnownedJob? {
        state.withLock { state in
            guard state.jobs.isEmpty else { return state.jobs.removeFirst() }
            state.idle += 1
            return nil
        }
    }

    /// Waits for a job.
    ///
    /// - Returns: false if the thread is to end.
    private func waitForJob() -> Bool {
        if wake.wait(timeout: .now() + Self.idleTime) == .success { return true }
        let isNeeded = state.withLock { state in
            guard state.idle > 0 else { return true }
            state.idle -= 1
            return false
        }
        // An idle count of 0 means that `enqueue` has counted on this thread: its signal is on the way.
        if isNeeded { wake.wait() }
        return isNeeded
    }
}

/// Runs an asynchronous operation, and blocks the calling thread until it ends.
///
/// For functions that block anyway, on the threads of `BlockingExecutor` and the threads that those start. On Swift's
/// cooperative threads it could wait forever for a thread.
func waiting<Value: Sendable>(_ operation: @escaping @Sendable () async throws -> Value) throws -> Value {
    let outcome = Mutex<Result<Value, any Error>?>(nil)
    let isDone = DispatchSemaphore(value: 0)
    Task.detached {
        let result: Result<Value, any Error>
        do {
            result = .success(try await operation())
        } catch {
            result = .failure(error)
        }
        outcome.withLock { $0 = result }
        isDone.signal()
    }
    isDone.wait()
    guard let result = outcome.withLock({ $0 }) else { throw CancellationError() }
    return try result.get()
}
