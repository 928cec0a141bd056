import Foundation

/// The settings of a `RegistryClient`.
package struct RegistrySettings: Sendable {
    /// The credentials for the registry, which are looked up when the registry requests them.
    package var credentials: DeferredCredentials
    /// Whether the registry's certificate is verified. If not, unencrypted http is also accepted.
    package var tlsVerify: Bool
    /// When and how often requests are sent again.
    package var retries: RetryPolicy
    /// The hosts that the registry may redirect to.
    package var redirectPolicy: RedirectPolicy

    /// By default: anonymous access to a registry with a verified certificate.
    package init(
        credentials: DeferredCredentials = DeferredCredentials(.none), tlsVerify: Bool = true,
        retries: RetryPolicy = RetryPolicy(),
        redirectPolicy: RedirectPolicy = RedirectPolicy()
    ) {
        self.credentials = credentials
        self.tlsVerify = tlsVerify
        self.retries = retries
        self.redirectPolicy = redirectPolicy
    }
}

/// When a request is sent again, and how often.
package struct RetryPolicy: Sendable {
    /// The number of retries, not counting the first request.
    package var count: Int
    /// Seconds before the first retry; the pause doubles before each further retry, up to `longest`.
    package var pause: Double
    /// The longest pause in seconds. If a registry requests a longer one, the request fails and reports it.
    package var longest: Double

    /// - Parameters:
    ///   - count: the number of retries.
    ///   - pause: seconds before the first retry.
    ///   - longest: the longest pause in seconds.
    package init(count: Int = 4, pause: Double = 0.5, longest: Double = 60) {
        self.count = count
        self.pause = pause
        self.longest = longest
    }

    /// The status codes after which a retry may succeed: timeouts, rate limits and server errors.
    static let statuses: Set = [408, 425, 429, 500, 502, 503, 504]

    /// Seconds to wait before a retry.
    ///
    /// - Parameters:
    ///   - attempt: the number of the retry, from 0.
    ///   - requested: the seconds in the server's Retry-After header.
    /// - Returns: nil if there is no retry.
    func pause(before attempt: Int, requested: Double?) -> Double? {
        guard attempt < count else { return nil }
        let own = min(pause * pow(2, Double(attempt)), longest)
        guard let requested else { return own }
        return requested <= longest ? max(requested, own) : nil
    }

    /// The longest Retry-After in seconds, about 30 years: larger numbers do not fit into an `Int` of nanoseconds.
    private static let mostSeconds = 1e9

    /// Reads a Retry-After header, a number of seconds or a date (RFC 9110, 10.2.3).
    ///
    /// - Returns: seconds from `now`; nil for an invalid header.
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
