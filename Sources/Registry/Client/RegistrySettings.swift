import Foundation

/// How registries are asked.
package struct RegistrySettings: Sendable {
    /// What shows who asks.
    package var credentials: Credentials
    /// False if the registry's certificate is not looked at, and plain http will do.
    package var tlsVerify: Bool
    package var retries: RetryPolicy
    package var privateHosts: RedirectPolicy

    package init(
        credentials: Credentials = .none, tlsVerify: Bool = true, retries: RetryPolicy = RetryPolicy(),
        privateHosts: RedirectPolicy = RedirectPolicy()
    ) {
        self.credentials = credentials
        self.tlsVerify = tlsVerify
        self.retries = retries
        self.privateHosts = privateHosts
    }
}

/// How often a request is sent again, and when.
package struct RetryPolicy: Sendable {
    /// Requests after the first one.
    package var count: Int
    /// Seconds before the first of them; twice as long before each next one, up to `longest`.
    package var pause: Double
    /// Seconds that a registry may ask for. Whoever is asked for more is told so, and can come back.
    package var longest: Double

    package init(count: Int = 4, pause: Double = 0.5, longest: Double = 60) {
        self.count = count
        self.pause = pause
        self.longest = longest
    }

    /// The answers that another request may change: time-outs, limits, and servers that are out of order.
    static let statuses: Set = [408, 425, 429, 500, 502, 503, 504]

    /// Seconds to wait before another request.
    ///
    /// - Parameters:
    ///   - attempt: from 0 on.
    ///   - asked: what the server asks for, if it does.
    /// - Returns: nil if there is to be none.
    func pause(before attempt: Int, asked: Double?) -> Double? {
        guard attempt < count else { return nil }
        let own = min(pause * pow(2, Double(attempt)), longest)
        guard let asked else { return own }
        return asked <= longest ? max(asked, own) : nil
    }

    /// 30 years, for servers that ask for more than any number of people holds.
    private static let mostSeconds = 1e9

    /// What a Retry-After header asks for, in seconds from now: a number of them, or a date (RFC 9110, 10.2.3).
    static func seconds(_ header: String, now: Date = Date()) -> Double? {
        if !header.isEmpty, header.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            return Double(header).map { min($0, mostSeconds) }
        }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return format.date(from: header).map { min(max(0, $0.timeIntervalSince(now)), mostSeconds) }
    }
}
