import CLinux
import DequeModule
import Dispatch
import Glibc
import Synchronization

/// Threads that work on jobs side by side and give the outcomes back in the order of the jobs.
///
/// The work reads files and compresses: it blocks and it computes, and so has threads of its own instead of those of
/// Swift's concurrency. `submit` and `next` are for one owner. How many jobs are under way, and so how much memory
/// is used, is the owner's to bound: it takes an outcome before it submits one more.
package final class OrderedThreadPool<Job: Sendable, Outcome: Sendable>: Sendable {
    private struct State {
        var waiting: Deque<(number: Int, job: Job)> = []
        var done: [Int: Result<Outcome, any Error>] = [:]
        var submitted = 0
        var taken = 0
        /// The number of the outcome that the owner waits for.
        var awaited: Int?
        var isFinished = false
    }

    private let width: Int
    private let work: @Sendable (Job) throws -> Outcome
    private let state = Mutex(State())
    /// Counts the waiting jobs, so that each wakes one thread and no more.
    private let jobs = DispatchSemaphore(value: 0)
    /// Wakes the owner when the outcome that it waits for is there, and for no other.
    private let arrival = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - width: how many threads work.
    ///   - work: what is done with a job, on any of the threads.
    package init(width: Int, work: @escaping @Sendable (Job) throws -> Outcome) {
        self.width = max(1, width)
        self.work = work
        for _ in 0..<self.width {
            BackgroundThread.start { [self] in run() }
        }
    }

    /// How many jobs were submitted whose outcomes have not been taken.
    package var inFlight: Int { state.withLock { $0.submitted - $0.taken } }

    /// Hands over one more job; never waits.
    package func submit(_ job: Job) {
        state.withLock { state in
            state.waiting.append((state.submitted, job))
            state.submitted += 1
        }
        jobs.signal()
    }

    /// The outcome of the oldest job that was not taken yet, nil if there is none; waits for it.
    package func next() throws -> Outcome? {
        guard inFlight > 0 else { return nil }
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

    /// Lets the threads end; jobs that none of them has begun are dropped.
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

    /// The next job, nil when there will be none.
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
    /// Does `work` on each of `jobs`, `width` at a time, and calls `body` with the outcomes in order.
    ///
    /// - Parameters:
    ///   - width: how many threads work.
    ///   - ahead: how many jobs may be under way or done at a time while `body` is busy with one; by default `width`.
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
    /// The outcomes of `work` on each of `jobs`, in order; as many threads as are worth having do it.
    package static func map(_ jobs: [Job], _ work: @escaping @Sendable (Job) throws -> Outcome) throws -> [Outcome] {
        var outcomes: [Outcome] = []
        try forEach(jobs, width: workerCount, work: work) { outcomes.append($0) }
        return outcomes
    }
}

/// How many threads are worth having on this machine: those that this process may run on, and 8 at the most, since each
/// has buffers and the memory that the program uses is to stay the same everywhere.
package let workerCount: Int = max(1, min(8, Int(clinux_usable_processors())))

/// A thread of its own for work that blocks, outside of Swift's cooperative thread pool.
package enum BackgroundThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a new detached thread.
    package static func start(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Body(body))
        let status = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        if status == 0 { pthread_detach(thread) }
    }
}
