/// A time as a tar gives it.
public struct TarTime: Hashable, Sendable {
    /// Whole seconds since 1970, rounded down; may be negative.
    public var seconds: Int64
    /// Nanoseconds beyond the seconds, 0 to 999,999,999.
    public var nanoseconds: UInt32

    public init(seconds: Int64, nanoseconds: UInt32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The seconds as a decimal number, with as many digits behind the point as say something.
    var decimal: String {
        guard nanoseconds > 0 else { return "\(seconds)" }
        // A time before 1970 is rounded down: -1.5 is half a second behind -2.
        let isNegative = seconds < 0
        let whole = isNegative ? (seconds + 1).magnitude : seconds.magnitude
        let fraction = isNegative ? 1_000_000_000 - nanoseconds : nanoseconds
        var digits = String(fraction)
        digits = String(repeating: "0", count: 9 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "\(isNegative ? "-" : "")\(whole).\(digits)"
    }
}
