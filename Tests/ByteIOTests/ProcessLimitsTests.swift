import Testing

@testable import ByteIO

@Suite("Limits of the process")
struct ProcessLimitsTests {
    @Test("Threads that can be started are ended again")
    func threads() throws {
        for _ in 0..<50 { try ProcessLimits.requireThreads(20) }
    }
}
