import Errors
import Foundation
import Testing

@testable import DockerTools

@Suite("A limit of the cache")
struct CacheLimitTests {
    @Test(
        "has sizes in units of 1000 and 1024 bytes",
        arguments: [
            ("0", 0), ("17", 17), ("17B", 17), ("3k", 3000), ("3kB", 3000), ("3KiB", 3072), ("10G", 10_000_000_000),
            ("2Mi", 2_097_152), ("1t", 1_000_000_000_000),
        ] as [(String, UInt64)])
    func sizes(text: String, bytes: UInt64) throws {
        #expect(try CacheLimit(olderThan: nil, keep: text).pruning == .downTo(bytes))
    }

    @Test(
        "has ages in seconds, minutes, hours, days and weeks",
        arguments: [("90s", 90), ("2m", 120), ("12h", 43_200), ("30d", 2_592_000), ("1w", 604_800)])
    func times(text: String, seconds: Int64) throws {
        guard case .usedBefore(let time) = try CacheLimit(olderThan: text, keep: nil).pruning else {
            Issue.record("it is not an age")
            return
        }
        let wanted = Date().timeIntervalSince1970 - Double(seconds)
        #expect(abs(Double(time) / 1e9 - wanted) < 3600)
    }

    @Test("is all entries if nothing is given")
    func all() throws {
        #expect(try CacheLimit(olderThan: nil, keep: nil).pruning == .all)
    }

    @Test(
        "refuses an invalid age",
        arguments: ["", "d", "30", "-1d", "30D", "3 d", "1000001d", "99999w", "18446744073709551616s", "١d"])
    func badTimes(text: String) {
        let failure = #expect(throws: ToolError.self) { try CacheLimit(olderThan: text, keep: nil) }
        #expect(failure?.code == .usage)
    }

    @Test(
        "refuses an invalid size",
        arguments: ["", "G", "-1", "1X", "1.5G", "18446744073709551616", "99999999999T", "1 G", "1GG", "1iB"])
    func badSizes(text: String) {
        let failure = #expect(throws: ToolError.self) { try CacheLimit(olderThan: nil, keep: text) }
        #expect(failure?.code == .usage)
    }

    @Test("refuses an age and a size at once")
    func both() {
        let failure = #expect(throws: ToolError.self) { try CacheLimit(olderThan: "1d", keep: "1G") }
        #expect(failure?.code == .usage)
    }
}
