import Glibc

/// The order of names in a folder: by code point, a byte that is not UTF-8 counting as U+DC00 + byte.
public enum PathOrder {
    /// Whether one path component comes before another.
    public static func precedes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        let shared = min(left.count, right.count)
        var index = 0
        while index < shared, left[index] == right[index] { index += 1 }
        guard index < shared else { return left.count < right.count }
        // UTF-8 sorts by code point as it sorts by byte. Only a byte that is not UTF-8 can make a difference, and only
        // against a code point beyond U+D7FF, whose first byte is 0xEE or more.
        if left[index] < 0x80 || right[index] < 0x80 { return left[index] < right[index] }
        return UTF8Scalars(left).lexicographicallyPrecedes(UTF8Scalars(right))
    }
}
