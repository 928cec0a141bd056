import Archives
import Failures
import Registry
import SystemPackage

/// What the program keeps in its cache folder, and what was removed of it.
public struct CacheReport: Sendable {
    private let folder: FilePath
    private let kept: [CacheEntry]
    /// Nil if nothing was to be removed.
    private let freed: [CacheEntry]?

    /// Looks what the cache holds, and prunes it.
    ///
    /// - Parameter limit: what is removed; nil: nothing.
    /// - Throws: `Failure` with code `unavailable` if there is no cache folder, with code `io` if it cannot be read, or
    ///   something in it not be removed.
    public static func run(pruning limit: CacheLimit?, surroundings: Surroundings) throws -> CacheReport {
        guard let folder = surroundings.cacheFolder else {
            throw Failure(
                .unavailable, "cannot show the cache",
                why: "there is none: neither HOME nor XDG_CACHE_HOME is an absolute path",
                advice: "set HOME or XDG_CACHE_HOME")
        }
        let contents = try CacheContents(of: folder)
        guard let limit else { return CacheReport(folder: folder, kept: contents.entries, freed: nil) }
        let freed = try contents.prune(limit.pruning)
        let gone = Set(freed)
        return CacheReport(folder: folder, kept: contents.entries.filter { !gone.contains($0) }, freed: freed)
    }

    /// The folder, a table of what is in it, and what was freed.
    public var text: String {
        var table = TextTable([.init("KIND"), .init("NUMBER", .right), .init("SIZE", .right)])
        for kind in CacheEntry.Kind.allCases {
            let sum = CacheSum(kept, of: kind)
            table.add([Self.words(kind), "\(sum.count)", "\(ByteCount(sum.bytes))"])
        }
        let end = freed.map { "freed \(ByteCount(CacheSum($0).bytes)) in \($0.count) files\n" } ?? ""
        return "\(folder.string.onOneLine)\n\(table)\(end)"
    }

    /// The object that `cache --json` prints:
    ///
    ///     path          string: the cache folder
    ///     blobs         {count, bytes}: blobs of registries that are whole
    ///     partialBlobs  {count, bytes}: blobs whose fetching was cut, and goes on from there
    ///     digests       {count, bytes}: digests of layers that were computed before
    ///     lowerImages   {count, bytes}: file systems of base images, for virtual machines
    ///     freed         {count, bytes}: what was removed; null without --prune
    public var json: JSONValue {
        var object: [String: JSONValue] = [
            "path": .string(folder.string), "freed": freed.map { CacheSum($0).json } ?? .null,
        ]
        for kind in CacheEntry.Kind.allCases { object[kind.rawValue] = CacheSum(kept, of: kind).json }
        return .object(object)
    }

    private static func words(_ kind: CacheEntry.Kind) -> String {
        switch kind {
        case .blobs: "blobs"
        case .partialBlobs: "unfinished blobs"
        case .digests: "digests of layers"
        case .lowerImages: "file systems of bases"
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
