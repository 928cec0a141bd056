import CLinux
import DequeModule
import Dispatch
import Glibc
import Synchronization

/// Works on jobs in parallel and returns the outcomes in the order of the jobs.
///
/// The work reads files and compresses. It blocks and computes, so it runs on its own threads instead of Swift's
/// cooperative thread pool. `submit` and `next` are for a single owner. The owner limits the number of jobs in flight,
/// and with it the memory in use, by taking an outcome before it submits another job.
package final class OrderedThreadPool<Job: Sendable, Outcome: Sendable>: Sendable {
    private struct State {
        var waiting: Deque<(number: Int, job: Job)> = []
        var done: [Int: Result<Outcome, any Error>] = [:]
        var submitted = 0
        var taken = 0
        /// The number of the job that the owner waits for.
        var awaited: Int?
        var isFinished = false
        /// The error of the first thread, if no thread could be started.
        var startError: (any Error)?
    }

    private let width: Int
    private let work: @Sendable (Job) throws -> Outcome
    private let state = Mutex(State())
    /// Counts the waiting jobs, so that each job wakes exactly one thread.
    private let jobs = DispatchSemaphore(value: 0)
    /// Wakes the owner when the outcome that it waits for is available.
    private let arrival = DispatchSemaphore(value: 0)

    /// Starts the threads.
    ///
    /// If fewer than `width` threads can be started, these do the work; if none can be started, `next` throws the
    /// error.
    ///
    /// - Parameters:
    ///   - width: the number of threads, at least 1.
    ///   - work: the work on a job, called on any of the threads.
    package convenience init(width: Int, work: @escaping @Sendable (Job) throws -> Outcome) {
        self.init(width: width, start: BackgroundThread.start, work: work)
    }

    /// - Parameter start: starts a thread; tests replace it.
    init(
        width: Int, start: (@escaping @Sendable () -> Void) throws -> Void,
        work: @escaping @Sendable (Job) throws -> Outcome
    ) {
        self.width = max(1, width)
        self.work = work
        for number in 0..<self.width {
            do {
                try start { [self] in run() }
            } catch {
                if number == 0 { state.withLock { $0.startError = error } }
                break
            }
        }
    }

    /// The number of submitted jobs whose outcomes have not been taken.
    package var inFlight: Int { state.withLock { $0.submitted - $0.taken } }

    /// Adds a job to the queue, without waiting.
    package func submit(_ job: Job) {
        state.withLock { state in
            state.waiting.append((state.submitted, job))
            state.submitted += 1
        }
        jobs.signal()
    }

    /// Waits for the outcome of the oldest job in flight.
    ///
    /// - Returns: the outcome; nil if no job is in flight.
    /// - Throws: the error of the job, or `ToolError` with code `unavailable` if no thread could be started.
    package func next() throws -> Outcome? {
        guard inFlight > 0 else { return nil }
        if let error = state.withLock({ $0.startError }) { throw error }
        while true {
            let result = state.withLock { state -> Result<Outcome, any Error>? in
                guard let result = state.done.removeValue(forKey: state.taken) else {
                    state.awaited = state.taken
                    return nil
                }
                state.taken += 1
                return result
            }
            if let result { return try result.get() }
            arrival.wait()
        }
    }

    /// Ends the threads after their current jobs; jobs that have not begun are dropped.
    package func finish() {
        state.withLock { state in
            state.isFinished = true
            state.waiting.removeAll()
        }
        for _ in 0..<width { jobs.signal() }
    }

    private func run() {
        while let (number, job) = take() {
            let result = Result { try work(job) }
            let isAwaited = state.withLock { state in
                state.done[number] = result
                guard state.awaited == number else { return false }
                state.awaited = nil
                return true
            }
            if isAwaited { arrival.signal() }
        }
    }

    /// Waits for the next job.
    ///
    /// - Returns: the job with its number; nil after `finish`.
    private func take() -> (Int, Job)? {
        while true {
            jobs.wait()
            let (next, isFinished) = state.withLock { ($0.waiting.popFirst(), $0.isFinished) }
            if let next { return next }
            if isFinished { return nil }
        }
    }
}

extension OrderedThreadPool {
    /// Does `work` on all jobs, `width` at a time, and calls `body` with the outcomes in order.
    ///
    /// - Parameters:
    ///   - width: the number of threads.
    ///   - ahead: the maximum number of jobs in flight while `body` runs; by default `width`.
    /// - Throws: the first error of a job or of `body`; later jobs are dropped.
    package static func forEach(
        _ jobs: some Sequence<Job>, width: Int, ahead: Int? = nil, work: @escaping @Sendable (Job) throws -> Outcome,
        body: (Outcome) throws -> Void
    ) throws {
        let ahead = max(1, ahead ?? width)
        let workers = OrderedThreadPool(width: width, work: work)
        defer { workers.finish() }
        for job in jobs {
            if workers.inFlight >= ahead, let outcome = try workers.next() {
                workers.submit(job)
                try body(outcome)
            } else {
                workers.submit(job)
            }
        }
        while let outcome = try workers.next() { try body(outcome) }
    }
}

extension OrderedThreadPool {
    /// Does `work` on all jobs with `workerCount` threads, and returns the outcomes in order.
    ///
    /// - Throws: the error of the first job that fails.
    package static func map(_ jobs: [Job], _ work: @escaping @Sendable (Job) throws -> Outcome) throws -> [Outcome] {
        var outcomes: [Outcome] = []
        try forEach(jobs, width: workerCount, work: work) { outcomes.append($0) }
        return outcomes
    }
}

/// The number of threads for parallel work: the processors that this process may use, 8 at most.
///
/// Each thread has buffers, so the maximum limits the memory in use on large machines.
package let workerCount: Int = max(1, min(8, Int(clinux_usable_processors())))
