import Foundation
import Testing

@testable import Registry

@Suite("Retry policy")
struct RetryPolicyTests {
    @Test("doubles the pause up to the last retry") func pauses() {
        let policy = RetryPolicy(count: 3, pause: 0.5)
        #expect((0...4).map { policy.pause(before: $0, requested: nil) } == [0.5, 1, 2, nil, nil])
        #expect(RetryPolicy(count: 0).pause(before: 0, requested: nil) == nil)
    }

    @Test("never pauses longer than the longest pause") func longest() {
        let policy = RetryPolicy(count: 2000, pause: 0.5, longest: 60)
        #expect(policy.pause(before: 7, requested: nil) == 60)
        #expect(policy.pause(before: 1999, requested: nil) == 60)
    }

    @Test("pauses as long as the server requests, unless that is too long") func asked() {
        let policy = RetryPolicy(count: 3, pause: 0.5, longest: 60)
        #expect(policy.pause(before: 0, requested: 7) == 7)
        #expect(policy.pause(before: 2, requested: 0) == 2)
        #expect(policy.pause(before: 0, requested: 60) == 60)
        #expect(policy.pause(before: 0, requested: 61) == nil)
        #expect(policy.pause(before: 3, requested: 1) == nil)
    }

    @Test(
        "parses Retry-After as seconds and as a date",
        arguments: [
            ("0", 0), ("120", 120), ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sun, 06 Nov 1994 08:48:37 GMT", 0),
            ("-1", nil), ("1.5", nil), ("1e3", nil), ("0x10", nil), ("nan", nil), ("inf", nil), ("", nil),
            ("soon", nil), ("Sun, 06 Nov 1994", nil),
        ] as [(String, Double?)])
    func header(_ header: String, seconds: Double?) throws {
        let now = Date(timeIntervalSince1970: 784_111_740)
        #expect(RetryPolicy.seconds(header, now: now) == seconds)
    }

    @Test("parses numbers that do not fit into an integer") func huge() throws {
        let seconds = try #require(RetryPolicy.seconds(String(repeating: "9", count: 40)))
        #expect(seconds >= 1e9)
        #expect(Int(exactly: seconds.rounded(.up)) != nil)
    }
}
