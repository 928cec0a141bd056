import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import DockerTools

@Suite("Operations run on threads of their own")
struct BlockingExecutorTests {
    /// Counts operations.
    private final class Counter: Sendable {
        private let count = Mutex(0)

        var value: Int { count.withLock { $0 } }
        func increment() { count.withLock { $0 += 1 } }
    }

    @Test("so that operations that block do not stop other tasks")
    func blocking() async throws {
        let tools = DockerTools(context: Context(environment: [:], currentDirectory: "/"))
        let count = 32
        let waiting = Counter()
        // Every operation blocks until all have begun: more than there are cooperative threads on most machines.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                group.addTask {
                    try await tools.run {
                        waiting.increment()
                        while waiting.value < count { usleep(1000) }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(waiting.value == count)
    }

    @Test("on which child tasks run as well")
    func childTasks() async throws {
        let tools = DockerTools(context: Context(environment: [:], currentDirectory: "/"))
        let sum = try await tools.run {
            async let one = value(1)
            async let two = value(2)
            usleep(1000)
            return await one + two
        }
        #expect(sum == 3)
    }

    private func value(_ number: Int) async -> Int {
        await Task.yield()
        return number
    }
}
