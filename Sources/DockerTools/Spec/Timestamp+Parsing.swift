import Failures

extension Timestamp {
    /// Reads a time as RFC 3339 section 5.6 writes it: `1970-01-01T00:00:01Z`, `1970-01-01T01:00:01.5+01:00`. A blank
    /// may stand for the `T`, as the RFC lets it. Digits beyond the nanosecond are dropped.
    ///
    /// Nil for anything else, for a day that the calendar does not have, and for second 60: a leap second is no
    /// number of seconds since the epoch.
    public init?(_ text: String) {
        var reader = Reader(rest: Array(text.utf8)[...])
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
    /// - Throws: `Failure` with code `data` if SOURCE_DATE_EPOCH is no whole number of seconds up to the year 9999.
    public static func defaultTime(environment: [String: String]) throws -> Timestamp {
        guard let text = environment["SOURCE_DATE_EPOCH"] else { return .standard }
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let seconds = Int64(text),
            let time = Timestamp(seconds: seconds)
        else {
            throw Failure(
                .data, "cannot use the environment's SOURCE_DATE_EPOCH",
                why: "it is \"\(text.prefix(80))\", expected a whole number of seconds since 1970, at most "
                    + "\(range.upperBound)",
                advice: "set it to what `date +%s` prints, or unset it")
        }
        return time
    }
}

private struct Reader {
    var rest: ArraySlice<UInt8>

    /// A number of exactly so many digits.
    mutating func number(_ digits: Int) -> Int64? {
        let head = rest.prefix(digits)
        guard head.count == digits, head.allSatisfy({ (48...57).contains($0) }) else { return nil }
        rest = rest.dropFirst(digits)
        return head.reduce(0) { $0 * 10 + Int64($1 - 48) }
    }

    /// One of some characters.
    mutating func take(_ characters: String) -> Bool {
        guard let first = rest.first, characters.utf8.contains(first) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Nanoseconds: 0 if there is no point, nil if no digit follows it.
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
