import ByteIO
import Errors
import Glibc

/// A point in time in UTC, in nanoseconds, from 0000-01-01 to 9999-12-31. It does not depend on locale and time zone.
public struct Timestamp: Hashable, Sendable {
    /// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted; negative before it.
    public let seconds: Int64
    /// Nanoseconds of the second: 0…999,999,999.
    public let nanoseconds: Int32

    /// The years 0000 to 9999, the range of RFC 3339.
    static let range: ClosedRange<Int64> = -62_167_219_200...253_402_300_799

    /// The default of dockerTools: one second after the epoch, since some programs take 0 for "no time".
    public static let standard = Timestamp(unchecked: 1, nanoseconds: 0)

    /// Nil outside of the years 0000 to 9999, or if `nanoseconds` is not in 0…999,999,999.
    public init?(seconds: Int64, nanoseconds: Int32 = 0) {
        guard Self.range.contains(seconds), (0...999_999_999).contains(nanoseconds) else { return nil }
        self.init(unchecked: seconds, nanoseconds: nanoseconds)
    }

    /// The current time of the system clock.
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
    /// The RFC 3339 form in UTC: `1970-01-01T00:00:01Z`, with as many fractional digits as necessary.
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
    /// Divides with a remainder that is never negative.
    fileprivate func quotientAndRemainder(flooredBy divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

extension Timestamp {
    /// Reads an RFC 3339 timestamp (section 5.6): `1970-01-01T00:00:01Z`, `1970-01-01T01:00:01.5+01:00`. A space may
    /// replace the `T`, as the RFC allows. Digits beyond nanoseconds are dropped.
    ///
    /// Nil for any other text, for a day that does not exist, and for second 60: a leap second has no number of seconds
    /// since the epoch.
    package init?(_ text: String) {
        var reader = TimestampReader(rest: Array(text.utf8)[...])
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("Tt "), let hour = reader.number(2), reader.take(":"),
            let minute = reader.number(2), reader.take(":"), let second = reader.number(2),
            let nanoseconds = reader.fraction(), let offset = reader.offset(), reader.rest.isEmpty,
            let date = CivilDate(year: year, month: month, day: day), hour < 24, minute < 60, second < 60
        else { return nil }
        let ofDay = hour * 3600 + minute * 60 + second
        self.init(seconds: date.daysSinceEpoch * 86_400 + ofDay - offset, nanoseconds: nanoseconds)
    }

    /// The default of `created` and `mtime`: SOURCE_DATE_EPOCH if the environment has it, else one second after the
    /// epoch.
    ///
    /// Source: https://reproducible-builds.org/specs/source-date-epoch/.
    ///
    /// - Throws: `ToolError` with code `data` if SOURCE_DATE_EPOCH is not a whole number of seconds up to the year
    ///   9999.
    package static func defaultTime(environment: [String: String]) throws -> Timestamp {
        guard let text = environment["SOURCE_DATE_EPOCH"] else { return .standard }
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let seconds = Int64(text),
            let time = Timestamp(seconds: seconds)
        else {
            throw ToolError(
                .data, "cannot use the environment variable SOURCE_DATE_EPOCH",
                cause: "it is \"\(text.prefix(80))\", expected a whole number of seconds since 1970, at most "
                    + "\(range.upperBound)",
                remedy: "set it to a number as `date +%s` prints it, or unset it")
        }
        return time
    }
}

/// Reads the parts of an RFC 3339 timestamp.
private struct TimestampReader {
    var rest: ArraySlice<UInt8>

    /// A number with a fixed number of digits.
    mutating func number(_ digits: Int) -> Int64? {
        let head = rest.prefix(digits)
        guard head.count == digits, head.allSatisfy({ (48...57).contains($0) }) else { return nil }
        rest = rest.dropFirst(digits)
        return head.reduce(0) { $0 * 10 + Int64($1 - 48) }
    }

    /// Skips one of several characters.
    mutating func take(_ characters: String) -> Bool {
        guard let first = rest.first, characters.utf8.contains(first) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Nanoseconds: 0 without a point, nil if no digit follows the point.
    mutating func fraction() -> Int32? {
        guard take(".") else { return 0 }
        let digits = rest.prefix { (48...57).contains($0) }
        guard !digits.isEmpty else { return nil }
        rest = rest.dropFirst(digits.count)
        let nine = digits.prefix(9) + Array(repeating: 48, count: max(0, 9 - digits.count))
        return nine.reduce(0) { $0 * 10 + Int32($1 - 48) }
    }

    /// Seconds east of UTC.
    mutating func offset() -> Int64? {
        if take("Zz") { return 0 }
        let sign: Int64 = rest.first == UInt8(ascii: "-") ? -1 : 1
        guard take("+-"), let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}

/// A day of the proleptic Gregorian calendar, as ISO 8601 uses it.
///
/// Source: the algorithms `days_from_civil` and `civil_from_days` by Howard Hinnant
/// (https://howardhinnant.github.io/date_algorithms.html). Years begin in March, so that the leap day is the last of
/// its year, and 400 years (146,097 days) are an era.
struct CivilDate: Equatable {
    let year: Int64
    let month: Int64
    let day: Int64

    /// Nil if the calendar has no such day, or the year is not in 0…9999.
    init?(year: Int64, month: Int64, day: Int64) {
        guard (0...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= Self.length(ofMonth: month, year: year)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// - Parameter days: days since 1970-01-01, which is 719,468 days after 0000-03-01; the year is 0 or later.
    init(daysSinceEpoch days: Int64) {
        // One era is added here and subtracted below: January and February of the year 0 belong to the year -1.
        let shifted = days + 719_468 + 146_097
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = (era - 1) * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }

    /// Days since 1970-01-01.
    var daysSinceEpoch: Int64 {
        let shifted = year + 400 - (month <= 2 ? 1 : 0)
        let era = shifted / 400
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return (era - 1) * 146_097 + dayOfEra - 719_468
    }

    private static func length(ofMonth month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
