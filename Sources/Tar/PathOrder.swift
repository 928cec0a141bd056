import Glibc

/// The order of names in a folder: by code point, a byte that is not UTF-8 counting as U+DC00 + byte.
public enum PathOrder {
    /// Whether one path component comes before another.
    public static func precedes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        let shared = min(left.count, right.count)
        var index = 0
        while index < shared, left[index] == right[index] { index += 1 }
        // Behind a byte of ASCII both go on with a whole code point. Behind another one the two may read what they
        // share differently: a sequence that is whole in one may be broken in the other.
        if index == 0 || left[index - 1] < 0x80 {
            guard index < shared else { return left.count < right.count }
            if left[index] < 0x80 || right[index] < 0x80 { return left[index] < right[index] }
        }
        return UTF8Scalars(left).lexicographicallyPrecedes(UTF8Scalars(right))
    }
}
