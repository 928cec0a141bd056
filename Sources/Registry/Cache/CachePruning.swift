/// What of the cache is removed.
public enum CachePruning: Hashable, Sendable {
    /// All of it.
    case all
    /// What was last used before a time, in nanoseconds since 1970.
    case usedBefore(Int64)
    /// What was used longest ago, until so many bytes are left at most.
    case downTo(UInt64)

    /// Those of `entries` that are to go.
    func chosen(of entries: [CacheEntry]) -> [CacheEntry] {
        switch self {
        case .all: return entries
        case .usedBefore(let time): return entries.filter { $0.lastUse < time }
        case .downTo(let limit):
            var total = entries.reduce(0) { $0 + $1.size }
            return entries.sorted { $0.lastUse < $1.lastUse }.prefix { entry in
                guard total > limit else { return false }
                total -= entry.size
                return true
            }
        }
    }
}
