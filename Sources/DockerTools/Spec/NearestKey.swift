/// Finds the known key that a mistyped one was meant to be.
enum NearestKey {
    /// Keys longer than this are no typing slip, and comparing them costs.
    private static let longest = 64

    /// The nearest of `known`, by optimal string alignment distance and whatever the case; nil if none is near: more
    /// than a third of its letters differ.
    static func of(_ key: String, among known: [String]) -> String? {
        guard key.utf8.count <= longest else { return nil }
        let typed = Array(key.lowercased().utf8)
        var best: (key: String, distance: Int)?
        for candidate in known {
            let letters = Array(candidate.lowercased().utf8)
            let distance = distance(typed, letters)
            guard distance <= max(1, min(typed.count, letters.count) / 3) else { continue }
            if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
        }
        return best?.key
    }

    /// Insertions, deletions, replacements and swaps of neighbours that lead from one text to the other.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
