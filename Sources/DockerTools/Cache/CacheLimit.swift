import Failures
import Images
import Registry

/// What `dockertools cache --prune` is told to remove.
public struct CacheLimit: Sendable {
    let pruning: CachePruning

    /// - Parameters:
    ///   - age: what was not used for so long goes: `30d`, `12h`; nil: its age does not matter.
    ///   - size: what was used longest ago goes, until so much is left: `10G`; nil: the size does not matter.
    /// - Throws: `Failure` with code `usage` if one of them cannot be read, or both are given.
    public init(olderThan age: String?, keep size: String?) throws {
        switch (age, size) {
        case (nil, nil): pruning = .all
        case (let age?, nil): pruning = .usedBefore(DigestCache.now - (try Self.nanoseconds(age)))
        case (nil, let size?): pruning = .downTo(try Self.bytes(size))
        case (.some, .some):
            throw Failure(
                .usage, "cannot prune the cache", why: "--older-than and --keep exclude one another",
                advice: "give one of them; a second run can do the other")
        }
    }

    private static func nanoseconds(_ text: String) throws -> Int64 {
        let units: [String: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        let (number, unit) = split(text)
        guard let number, let seconds = units[unit], number <= 1_000_000, number * UInt64(seconds) < 8_000_000_000
        else {
            throw Failure(
                .usage, "cannot read --older-than '\(text.onOneLine)'",
                why: "a time is a number and s, m, h, d or w, at most 250 years",
                advice: "write it as in --older-than 30d")
        }
        return Int64(number) * seconds * 1_000_000_000
    }

    private static func bytes(_ text: String) throws -> UInt64 {
        let (number, unit) = split(text)
        guard let number, let factor = factor(unit), !number.multipliedReportingOverflow(by: factor).overflow else {
            throw Failure(
                .usage, "cannot read --keep '\(text.onOneLine)'",
                why: "a size is a number of bytes, or one with k, M, G or T (of 1000), or Ki, Mi, Gi or Ti (of 1024)",
                advice: "write it as in --keep 10G")
        }
        return number * factor
    }

    /// `10`, `10k`, `10kB`, `10KiB`
    private static func factor(_ unit: String) -> UInt64? {
        let unit = unit.hasSuffix("B") ? unit.dropLast() : unit[...]
        guard !unit.isEmpty else { return 1 }
        let base: UInt64 = unit.hasSuffix("i") ? 1024 : 1000
        let letter = unit.hasSuffix("i") ? unit.dropLast() : unit
        guard let power = ["k", "m", "g", "t"].firstIndex(of: letter.lowercased()) else { return nil }
        return (0...power).reduce(1) { factor, _ in factor * base }
    }

    /// The digits at the start as a number, and what comes behind them.
    private static func split(_ text: String) -> (UInt64?, String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return (UInt64(digits), String(text.dropFirst(digits.count)))
    }
}
