import ByteIO
import Foundation
import Testing

struct OrderedWorkersTests {
    struct Broken: Error, Equatable {
        let job: Int
    }

    @Test(arguments: [1, 2, 7]) func givesOutcomesInTheOrderOfJobs(_ width: Int) throws {
        let workers = OrderedThreadPool<Int, Int>(width: width) { job in
            // The earlier the job, the longer it takes.
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

    @Test func throwsTheErrorOfAJobInItsPlace() throws {
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

    @Test(arguments: [1, 3]) func forEachKeepsTheOrder(_ width: Int) throws {
        var outcomes: [Int] = []
        try OrderedThreadPool<Int, Int>.forEach(0..<100, width: width, work: { $0 + 1 }, body: { outcomes.append($0) })
        #expect(outcomes == Array(1...100))
    }

    @Test func forEachStopsAtTheFirstError() throws {
        var outcomes: [Int] = []
        #expect(throws: Broken(job: 5)) {
            try OrderedThreadPool<Int, Int>.forEach(
                0..<100, width: 2, work: { if $0 == 5 { throw Broken(job: 5) } else { $0 } },
                body: { outcomes.append($0) })
        }
        #expect(outcomes == Array(0..<5))
    }
}
