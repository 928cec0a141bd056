package import BigInt

/// The score of a path by popularity: the number of ways that lead to the path and to all paths that refer to it.
///
/// In a deep closure the number has as many bits as the closure has paths. So only the first bits are kept, which hold
/// the scores of real closures completely; the dropped bits count only as equal or different.
package struct PopularityScore: Hashable, Sendable {
    /// The maximum number of bits that are kept: 512, which are 154 decimal digits.
    static let limit = 512

    private let first: BigUInt
    private let droppedCount: Int
    /// The remainder of the whole number by a prime, for numbers of which bits were dropped.
    private let remainder: UInt

    /// Keeps the first bits of a number.
    package init(_ number: BigUInt) {
        droppedCount = max(0, number.bitWidth - Self.limit)
        first = number >> droppedCount
        remainder = droppedCount == 0 ? 0 : UInt(number % Self.prime)
    }

    /// The prime 2^61 - 1.
    private static let prime = BigUInt(1) << 61 - 1
}

extension PopularityScore: Comparable {
    package static func < (left: PopularityScore, right: PopularityScore) -> Bool {
        if left.droppedCount != right.droppedCount { return left.droppedCount < right.droppedCount }
        if left.first != right.first { return left.first < right.first }
        return left.remainder < right.remainder
    }
}

extension PopularityScore: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: UInt64) { self.init(BigUInt(value)) }
}

extension PopularityScore: CustomStringConvertible {
    /// The number in decimal digits; of a number that was not kept completely, its order of magnitude: `about 2^1024`.
    package var description: String {
        droppedCount == 0 ? "\(first)" : "about 2^\(first.bitWidth + droppedCount - 1)"
    }
}
