/// A number of bytes as people read it: `999 B`, `1.2 kB`, `1.2 GB`; decimal units, the same in every locale.
public struct ByteCount: CustomStringConvertible, Sendable {
    public let bytes: UInt64

    public init(_ bytes: UInt64) {
        self.bytes = bytes
    }

    /// One digit behind the point, rounded to the nearest; whole bytes below 1000.
    public var description: String {
        guard bytes >= 1000 else { return "\(bytes) B" }
        var unit: UInt64 = 1000
        for symbol in ["kB", "MB", "GB", "TB", "PB"] {
            let tenths = Self.tenths(bytes, of: unit)
            // What rounds to 1000.0 belongs to the next unit.
            if tenths < 10_000 { return "\(tenths / 10).\(tenths % 10) \(symbol)" }
            unit *= 1000
        }
        let tenths = Self.tenths(bytes, of: unit)
        return "\(tenths / 10).\(tenths % 10) EB"
    }

    private static func tenths(_ bytes: UInt64, of unit: UInt64) -> UInt64 {
        let tenth = unit / 10
        let (whole, rest) = bytes.quotientAndRemainder(dividingBy: tenth)
        return whole + (rest >= tenth - rest ? 1 : 0)
    }
}
