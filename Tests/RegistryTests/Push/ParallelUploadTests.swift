import Foundation
import Images
import OCI
import Synchronization
import TestSupport
import Testing

@testable import Registry

/// Tests of several uploads at the same time.
@Suite("Parallel uploads")
struct ParallelUploadTests {
    /// Holds requests until enough others have been answered.
    private final class Gate: Sendable {
        let finished = Mutex(0)

        func wait(for count: Int) {
            while finished.withLock({ $0 }) < count { Thread.sleep(forTimeInterval: 0.01) }
        }
    }

    @Test("No layer waits until an earlier one has been uploaded", arguments: [false, true])
    func noWaiting(isNewRepository: Bool) throws {
        // The first layer's upload ends only after all others.
        let gate = Gate()
        let large = try CountedLayer(PushBench.bytes(3_000_000))
        let others = try (0..<8).map { try CountedLayer(PushBench.bytes(1_500_000, seed: 100 + $0)) }
        let bench = try PushBench { request in
            guard request.method == "PATCH" else { return nil }
            if request.body.count > 2_000_000 {
                gate.wait(for: others.count)
            } else {
                gate.finished.withLock { $0 += 1 }
            }
            return nil
        }
        if !isNewRepository { try bench.push([CountedLayer([1])], to: "app:1") }
        let (pushed, _) = try bench.push([large] + others, to: "app:2")
        #expect(pushed.layers.allSatisfy { $0.status == .uploaded })
        #expect(pushed.layers.map(\.diffID) == (try ([large] + others).map { try SHA256.digest(of: $0.bytes) }))
    }

    @Test("A layer that occurs twice is uploaded once")
    func twice() throws {
        let bench = try PushBench()
        try bench.push([CountedLayer([1])], to: "app:1")
        let layer = try CountedLayer(PushBench.bytes(1_500_000))
        let memory = bench.memory("cache")
        let (pushed, requests) = try bench.push([layer, layer], to: "app:1", memory: memory)
        #expect(requests.filter { $0.hasPrefix("PATCH") }.count == 1)
        #expect(Set(pushed.layers.map(\.blob.digest)).count == 1 && pushed.layers.count == 2)
    }
}
