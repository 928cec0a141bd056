import Errors
import Foundation
import Testing

@testable import ByteIO

@Suite("Ordered thread pool")
struct OrderedThreadPoolTests {
    struct Broken: Error, Equatable {
        let job: Int
    }

    @Test("Outcomes come in the order of the jobs", arguments: [1, 2, 7])
    func returnsOutcomesInOrder(_ width: Int) throws {
        let workers = OrderedThreadPool<Int, Int>(width: width) { job in
            // Earlier jobs take longer.
            usleep(UInt32(max(0, 20 - job)) * 500)
            return job * job
        }
        defer { workers.finish() }
        for job in 0..<40 { workers.submit(job) }
        #expect(workers.inFlight == 40)
        var outcomes: [Int] = []
        while let outcome = try workers.next() { outcomes.append(outcome) }
        #expect(outcomes == (0..<40).map { $0 * $0 })
        #expect(workers.inFlight == 0)
        #expect(try workers.next() == nil)
    }

    @Test("The error of a job is thrown in the place of its outcome")
    func throwsErrorInOrder() throws {
        let workers = OrderedThreadPool<Int, Int>(width: 3) { job in
            if job == 2 { throw Broken(job: job) }
            return job
        }
        defer { workers.finish() }
        for job in 0..<4 { workers.submit(job) }
        #expect(try workers.next() == 0)
        #expect(try workers.next() == 1)
        #expect(throws: Broken(job: 2)) { try workers.next() }
        #expect(try workers.next() == 3)
    }

    @Test("forEach calls its body in the order of the jobs", arguments: [1, 3])
    func forEachKeepsOrder(_ width: Int) throws {
        var outcomes: [Int] = []
        try OrderedThreadPool<Int, Int>.forEach(0..<100, width: width, work: { $0 + 1 }, body: { outcomes.append($0) })
        #expect(outcomes == Array(1...100))
    }

    @Test("forEach stops at the first error")
    func forEachStopsAtFirstError() throws {
        var outcomes: [Int] = []
        #expect(throws: Broken(job: 5)) {
            try OrderedThreadPool<Int, Int>.forEach(
                0..<100, width: 2, work: { if $0 == 5 { throw Broken(job: 5) } else { $0 } },
                body: { outcomes.append($0) })
        }
        #expect(outcomes == Array(0..<5))
    }

    @Test("Jobs fail with the error of the first thread if no thread can be started")
    func failsWithoutThreads() throws {
        let pool = OrderedThreadPool<Int, Int>(width: 3, start: { _ in throw Broken(job: -1) }, work: { $0 })
        defer { pool.finish() }
        #expect(try pool.next() == nil)
        pool.submit(1)
        for _ in 0..<2 { #expect(throws: Broken(job: -1)) { try pool.next() } }
    }

    @Test("A single thread does all jobs if no further thread can be started")
    func worksWithFewerThreads() throws {
        var started = 0
        let pool = OrderedThreadPool<Int, Int>(
            width: 3,
            start: { body in
                guard started == 0 else { throw Broken(job: started) }
                started += 1
                try BackgroundThread.start(body)
            }, work: { $0 + 1 })
        defer { pool.finish() }
        for job in 0..<10 { pool.submit(job) }
        for job in 0..<10 { #expect(try pool.next() == job + 1) }
    }
}
