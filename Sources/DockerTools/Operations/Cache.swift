import ByteIO
import Errors
import Images
import JSON
import Registry
import SystemPackage

/// What the program keeps in its cache directory, and what was removed of it.
package struct CacheReport: Sendable {
    private let directory: FilePath
    private let kept: [CacheEntry]
    /// Nil if nothing was to be removed.
    private let freed: [CacheEntry]?

    /// Looks what the cache holds, and prunes it.
    ///
    /// - Parameter limit: what is removed; nil: nothing.
    /// - Throws: `ToolError` with code `unavailable` if there is no cache directory, with code `io` if it cannot be read, or
    ///   something in it not be removed.
    package static func run(pruning limit: CacheLimit?, context: Context) throws -> CacheReport {
        guard let directory = context.cacheDirectory else {
            throw ToolError(
                .unavailable, "cannot show the cache",
                cause: "there is none: neither HOME nor XDG_CACHE_HOME is an absolute path",
                remedy: "set HOME or XDG_CACHE_HOME")
        }
        let contents = try CacheContents.read(directory)
        guard let limit else { return CacheReport(directory: directory, kept: contents.entries, freed: nil) }
        let freed = try contents.prune(limit.pruning)
        let gone = Set(freed)
        return CacheReport(directory: directory, kept: contents.entries.filter { !gone.contains($0) }, freed: freed)
    }

    /// The directory, a table of what is in it, and what was freed.
    package var text: String {
        var table = TextTable([.init("KIND"), .init("NUMBER", .right), .init("SIZE", .right)])
        for kind in CacheEntry.Kind.allCases {
            let sum = CacheSum(kept, of: kind)
            table.add([Self.words(kind), "\(sum.count)", "\(ByteCount(sum.bytes))"])
        }
        let end = freed.map { "freed \(ByteCount(CacheSum($0).bytes)) in \($0.count) files\n" } ?? ""
        return "\(directory.string.onOneLine)\n\(table)\(end)"
    }

    /// The object that `cache --json` prints:
    ///
    ///     path          string: the cache directory
    ///     blobs         {count, bytes}: blobs of registries that are whole
    ///     partialBlobs  {count, bytes}: blobs whose fetching was cut, and goes on from there
    ///     digests       {count, bytes}: digests of layers that were computed before
    ///     lowerImages   {count, bytes}: file systems of base images, for virtual machines
    ///     freed         {count, bytes}: what was removed; null without --prune
    package var json: JSONValue {
        var object: [String: JSONValue] = [
            "path": .string(directory.string), "freed": freed.map { CacheSum($0).json } ?? .null,
        ]
        for kind in CacheEntry.Kind.allCases { object[kind.rawValue] = CacheSum(kept, of: kind).json }
        return .object(object)
    }

    private static func words(_ kind: CacheEntry.Kind) -> String {
        switch kind {
        case .blobs: "blobs"
        case .partialBlobs: "unfinished blobs"
        case .digests: "digests of layers"
        case .rootfsImages: "file systems of bases"
        }
    }
}

/// How many entries there are, and how large they are together.
private struct CacheSum {
    let count: Int
    let bytes: UInt64

    /// - Parameter kind: those that count; nil: all.
    init(_ entries: [CacheEntry], of kind: CacheEntry.Kind? = nil) {
        let entries = entries.filter { kind == nil || $0.kind == kind }
        count = entries.count
        bytes = entries.reduce(0) { $0 &+ $1.size }
    }

    var json: JSONValue { ["count": .int(Int64(count)), "bytes": .int(Int64(clamping: bytes))] }
}

/// What `dockertools cache --prune` is told to remove.
package struct CacheLimit: Sendable {
    let pruning: CachePruning

    /// - Parameters:
    ///   - age: what was not used for so long goes: `30d`, `12h`; nil: its age does not matter.
    ///   - size: what was used longest ago goes, until so much is left: `10G`; nil: the size does not matter.
    /// - Throws: `ToolError` with code `usage` if one of them cannot be read, or both are given.
    package init(olderThan age: String?, keep size: String?) throws {
        switch (age, size) {
        case (nil, nil): pruning = .all
        case (let age?, nil): pruning = .usedBefore(DigestCache.now - (try Self.nanoseconds(age)))
        case (nil, let size?): pruning = .downTo(try Self.bytes(size))
        case (.some, .some):
            throw ToolError(
                .usage, "cannot prune the cache", cause: "--older-than and --keep exclude one another",
                remedy: "give one of them; a second run can do the other")
        }
    }

    private static func nanoseconds(_ text: String) throws -> Int64 {
        let units: [String: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        let (number, unit) = split(text)
        guard let number, let seconds = units[unit], number <= 1_000_000, number * UInt64(seconds) < 8_000_000_000
        else {
            throw ToolError(
                .usage, "cannot read --older-than '\(text.onOneLine)'",
                cause: "a time is a number and s, m, h, d or w, at most 250 years",
                remedy: "write it as in --older-than 30d")
        }
        return Int64(number) * seconds * 1_000_000_000
    }

    private static func bytes(_ text: String) throws -> UInt64 {
        let (number, unit) = split(text)
        guard let number, let factor = factor(unit), !number.multipliedReportingOverflow(by: factor).overflow else {
            throw ToolError(
                .usage, "cannot read --keep '\(text.onOneLine)'",
                cause: "a size is a number of bytes, or one with k, M, G or T (of 1000), or Ki, Mi, Gi or Ti (of 1024)",
                remedy: "write it as in --keep 10G")
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
