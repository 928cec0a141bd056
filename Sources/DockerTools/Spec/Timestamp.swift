import Glibc

/// A point in time, in UTC, to the nanosecond: 0000-01-01 to 9999-12-31. No locale and no time zone comes into it.
public struct Timestamp: Hashable, Sendable {
    /// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted; negative before it.
    public let seconds: Int64
    /// What comes after the second, 0 to 999,999,999.
    public let nanoseconds: Int32

    /// The years 0000 to 9999, which is what RFC 3339 can write.
    static let range: ClosedRange<Int64> = -62_167_219_200...253_402_300_799

    /// dockerTools' own: one second after the epoch, as some programs take 0 for "no time".
    public static let standard = Timestamp(unchecked: 1, nanoseconds: 0)

    /// Nil outside the years 0000 to 9999, or if `nanoseconds` is no part of a second.
    public init?(seconds: Int64, nanoseconds: Int32 = 0) {
        guard Self.range.contains(seconds), (0...999_999_999).contains(nanoseconds) else { return nil }
        self.init(unchecked: seconds, nanoseconds: nanoseconds)
    }

    /// The present, by the system's clock.
    public static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(unchecked: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
    }

    private init(unchecked seconds: Int64, nanoseconds: Int32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }
}

extension Timestamp: CustomStringConvertible {
    /// As RFC 3339 writes it, in UTC: `1970-01-01T00:00:01Z`, with as many digits after the second as it needs.
    public var description: String {
        let (day, second) = seconds.quotientAndRemainder(flooredBy: 86_400)
        let date = CivilDate(daysSinceEpoch: day)
        var text = "\(Self.padded(date.year, 4))-\(Self.padded(date.month, 2))-\(Self.padded(date.day, 2))"
        text += "T\(Self.padded(second / 3600, 2)):\(Self.padded(second / 60 % 60, 2)):\(Self.padded(second % 60, 2))"
        if nanoseconds > 0 {
            let digits = Self.padded(Int64(nanoseconds), 9)
            text += "." + String(digits.reversed().drop { $0 == "0" }.reversed())
        }
        return text + "Z"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Int64 {
    /// Division whose remainder is never negative.
    fileprivate func quotientAndRemainder(flooredBy divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
