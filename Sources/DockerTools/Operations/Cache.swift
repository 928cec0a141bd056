import ByteIO
import Errors
import Images
package import JSON
import Registry
import SystemPackage

extension DockerTools {
    /// Describes the contents of the cache directory.
    ///
    /// - Throws: `ToolError` with code `unavailable` if there is no cache directory, `io` if it cannot be read.
    public func cacheReport() async throws -> CacheReport {
        try await run {
            let (directory, contents) = try cacheContents()
            return CacheReport(directory: directory, kept: contents.entries, freed: nil)
        }
    }

    /// Removes entries from the cache directory.
    ///
    /// - Throws: `ToolError` with code `unavailable` if there is no cache directory, `io` if it cannot be read, or an entry
    ///   cannot be removed.
    @discardableResult
    public func prune(_ limit: CacheLimit = .all) async throws -> CacheReport {
        try await run {
            let (directory, contents) = try cacheContents()
            let freed = try contents.prune(limit.pruning)
            let removed = Set(freed)
            return CacheReport(
                directory: directory, kept: contents.entries.filter { !removed.contains($0) }, freed: freed)
        }
    }

    private func cacheContents() throws -> (FilePath, CacheContents) {
        guard let cache = context.openedCache else {
            throw ToolError(
                .unavailable, "cannot show the cache",
                cause: "there is no cache directory: neither HOME nor XDG_CACHE_HOME is an absolute path",
                remedy: "set HOME or XDG_CACHE_HOME")
        }
        if let distrust = cache.distrust {
            throw ToolError(
                .unavailable, "cannot show the cache in \(cache.path)", cause: distrust,
                remedy: "set XDG_CACHE_HOME to a directory of your own")
        }
        return (cache.path, try CacheContents.read(cache.path))
    }
}

/// A description of the cache directory, and of the entries that were removed.
public struct CacheReport: Sendable {
    fileprivate let directory: FilePath
    fileprivate let kept: [CacheEntry]
    /// The removed entries; nil if none were to be removed.
    fileprivate let freed: [CacheEntry]?

    /// The directory, a table of its contents, and the freed space.
    public var text: String {
        var table = TextTable([.init("KIND"), .init("NUMBER", .right), .init("SIZE", .right)])
        for kind in CacheEntry.Kind.allCases {
            let sum = CacheSum(kept, of: kind)
            table.add([Self.displayName(kind), "\(sum.count)", "\(ByteCount(sum.bytes))"])
        }
        let end = freed.map { "freed \(ByteCount(CacheSum($0).bytes)) in \($0.count) files\n" } ?? ""
        return "\(directory.string.onOneLine)\n\(table)\(end)"
    }

    /// The object that `cache --json` prints:
    ///
    ///     path          string: the cache directory
    ///     blobs         {count, bytes}: complete blobs of registries
    ///     partialBlobs  {count, bytes}: blobs whose download was interrupted and can be resumed
    ///     digests       {count, bytes}: digests of layers
    ///     lowerImages   {count, bytes}: file systems of base images, for virtual machines
    ///     freed         {count, bytes}: the removed entries; null if none were to be removed
    package var json: JSONValue {
        var object: [String: JSONValue] = [
            "path": .string(directory.string), "freed": freed.map { CacheSum($0).json } ?? .null,
        ]
        for kind in CacheEntry.Kind.allCases { object[kind.rawValue] = CacheSum(kept, of: kind).json }
        return .object(object)
    }

    private static func displayName(_ kind: CacheEntry.Kind) -> String {
        switch kind {
        case .blobs: "blobs"
        case .partialBlobs: "unfinished blobs"
        case .digests: "digests of layers"
        case .rootfsImages: "file systems of bases"
        }
    }
}

/// The number and the total size of entries.
private struct CacheSum {
    let count: Int
    let bytes: UInt64

    /// - Parameter kind: the kind of the entries; nil: all.
    init(_ entries: [CacheEntry], of kind: CacheEntry.Kind? = nil) {
        let entries = entries.filter { kind == nil || $0.kind == kind }
        count = entries.count
        bytes = entries.reduce(0) { $0 &+ $1.size }
    }

    var json: JSONValue { ["count": .int(Int64(count)), "bytes": .int(Int64(clamping: bytes))] }
}

/// The entries that pruning removes from the cache.
public struct CacheLimit: Sendable {
    let pruning: CachePruning

    /// Removes all entries.
    public static var all: CacheLimit { CacheLimit(pruning: .all) }

    private init(pruning: CachePruning) {
        self.pruning = pruning
    }

    /// Creates a limit by age or by size.
    ///
    /// - Parameters:
    ///   - age: entries that have not been used for so long are removed: `30d`, `12h`; nil: any age.
    ///   - size: the least recently used entries are removed until their total size is this: `10G`; nil: any size.
    /// - Throws: `ToolError` with code `usage` for a malformed value, or if both are given.
    public init(olderThan age: String?, keep size: String?) throws {
        switch (age, size) {
        case (nil, nil): pruning = .all
        case (let age?, nil): pruning = .usedBefore(DigestCache.now - (try Self.nanoseconds(age)))
        case (nil, let size?): pruning = .downTo(try Self.bytes(size))
        case (.some, .some):
            throw ToolError(
                .usage, "cannot prune the cache", cause: "an age and a size exclude each other",
                remedy: "give \(.olderThan) or \(.keep); a second run can do the other")
        }
    }

    private static func nanoseconds(_ text: String) throws -> Int64 {
        let units: [String: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        let (number, unit) = split(text)
        guard let number, let seconds = units[unit], number <= 1_000_000, number * UInt64(seconds) < 8_000_000_000
        else {
            throw ToolError(
                .usage, "cannot read the age '\(text.onOneLine)'",
                cause: "a time is a number and s, m, h, d or w, at most 250 years",
                remedy: "set \(.olderThan) to 30d, for example")
        }
        return Int64(number) * seconds * 1_000_000_000
    }

    private static func bytes(_ text: String) throws -> UInt64 {
        let (number, unit) = split(text)
        guard let number, let factor = factor(unit), !number.multipliedReportingOverflow(by: factor).overflow else {
            throw ToolError(
                .usage, "cannot read the size '\(text.onOneLine)'",
                cause: "a size is a number of bytes, or one with k, M, G or T (of 1000), or Ki, Mi, Gi or Ti (of 1024)",
                remedy: "set \(.keep) to 10G, for example")
        }
        return number * factor
    }

    /// The number of bytes in a unit: of `10`, `10k`, `10kB`, `10KiB`.
    private static func factor(_ unit: String) -> UInt64? {
        let unit = unit.hasSuffix("B") ? unit.dropLast() : unit[...]
        guard !unit.isEmpty else { return 1 }
        let base: UInt64 = unit.hasSuffix("i") ? 1024 : 1000
        let letter = unit.hasSuffix("i") ? unit.dropLast() : unit
        guard let power = ["k", "m", "g", "t"].firstIndex(of: letter.lowercased()) else { return nil }
        return (0...power).reduce(1) { factor, _ in factor * base }
    }

    /// The digits at the start as a number, and the rest of the text.
    private static func split(_ text: String) -> (UInt64?, String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return (UInt64(digits), String(text.dropFirst(digits.count)))
    }
}
