import Foundation

/// Threads that work on jobs side by side and give the outcomes back in the order of the jobs.
///
/// The work reads files and compresses: it blocks and it computes, and so has threads of its own instead of those of
/// Swift's concurrency. `submit` and `next` are for one owner. How many jobs are under way, and so how much memory
/// is used, is the owner's to bound: it takes an outcome before it submits one more.
public final class OrderedWorkers<Job: Sendable, Outcome: Sendable>: @unchecked Sendable {
    private let work: @Sendable (Job) throws -> Outcome
    private let condition = NSCondition()
    // All below are guarded by `condition`.
    private var waiting: [(number: Int, job: Job)] = []
    private var done: [Int: Result<Outcome, any Error>] = [:]
    private var submitted = 0
    private var taken = 0
    private var isFinished = false

    /// - Parameters:
    ///   - width: how many threads work.
    ///   - work: what is done with a job, on any of the threads.
    public init(width: Int, work: @escaping @Sendable (Job) throws -> Outcome) {
        self.work = work
        for _ in 0..<max(1, width) {
            Thread.detachNewThread { [self] in run() }
        }
    }

    /// How many jobs were submitted whose outcomes have not been taken.
    public var underWay: Int { condition.withLock { submitted - taken } }

    /// Hands over one more job; never waits.
    public func submit(_ job: Job) {
        condition.withLock {
            waiting.append((submitted, job))
            submitted += 1
            condition.broadcast()
        }
    }

    /// The outcome of the oldest job that was not taken yet, nil if there is none; waits for it.
    public func next() throws -> Outcome? {
        let result: Result<Outcome, any Error>? = condition.withLock {
            guard taken < submitted else { return nil }
            while done[taken] == nil { condition.wait() }
            defer { taken += 1 }
            return done.removeValue(forKey: taken)
        }
        return try result?.get()
    }

    /// Lets the threads end; jobs that none of them has begun are dropped.
    public func finish() {
        condition.withLock {
            isFinished = true
            waiting.removeAll()
            condition.broadcast()
        }
    }

    private func run() {
        while let (number, job) = take() {
            let result = Result { try work(job) }
            condition.withLock {
                done[number] = result
                condition.broadcast()
            }
        }
    }

    private func take() -> (Int, Job)? {
        condition.withLock {
            while waiting.isEmpty, !isFinished { condition.wait() }
            return waiting.isEmpty ? nil : waiting.removeFirst()
        }
    }
}

extension OrderedWorkers {
    /// Does `work` on each of `jobs`, `width` at a time, and calls `body` with the outcomes in order.
    ///
    /// No more than `width` jobs and one outcome are under way at a time.
    public static func forEach(
        _ jobs: some Sequence<Job>, width: Int, work: @escaping @Sendable (Job) throws -> Outcome,
        body: (Outcome) throws -> Void
    ) throws {
        let workers = OrderedWorkers(width: width, work: work)
        defer { workers.finish() }
        for job in jobs {
            if workers.underWay >= width, let outcome = try workers.next() {
                workers.submit(job)
                try body(outcome)
            } else {
                workers.submit(job)
            }
        }
        while let outcome = try workers.next() { try body(outcome) }
    }
}

/// How many threads are worth having on this machine: those that this process may run on, and 8 at the most, since each
/// has buffers and the memory that the program uses is to stay the same everywhere.
public let workerCount: Int = max(1, min(8, ProcessInfo.processInfo.activeProcessorCount))
