/// Finds the known name that is nearest to a mistyped one.
package enum NearestKey {
    /// The maximum length of a key that is compared: a longer one is not a typing error, and comparing it takes long.
    private static let longest = 64

    /// The nearest of `known` by optimal string alignment distance, ignoring case; nil if more than a third of the
    /// letters differ.
    package static func of(_ key: String, among known: [String]) -> String? {
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

    /// The number of insertions, deletions, replacements and swaps of neighbors between two texts.
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

extension SpecKey {
    /// The key that an unknown one probably means: the key of the same meaning, else the nearest name.
    ///
    /// - Parameter known: the names that are valid in the place of the unknown one.
    /// - Returns: the path of the key: `config.Cmd`.
    static func suggestion(for name: String, among known: [String]) -> String? {
        let plain = name.lowercased().filter { $0 != "_" && $0 != "-" }
        let hasConfig = known.contains("config")
        if hasConfig, !known.contains(where: { $0.lowercased() == plain }) {
            if let key = synonyms[plain] { return key }
            if let field = ContainerConfigFields.all.first(where: { $0.name.lowercased() == plain }) {
                return "config.\(field.name)"
            }
        }
        return NearestKey.of(name, among: known)
    }

    /// What Dockerfiles, Compose files and other builders call the keys of a spec.
    private static let synonyms = [
        "command": "config.Cmd", "environment": "config.Env", "label": "config.Labels", "port": "config.ExposedPorts",
        "ports": "config.ExposedPorts", "expose": "config.ExposedPorts", "volume": "config.Volumes",
        "workdir": "config.WorkingDir", "maintainer": "config.Labels", "from": "fromImage", "base": "fromImage",
        "baseimage": "fromImage", "image": "name", "imagename": "name", "imagetag": "tag", "repository": "name",
        "arch": "architecture", "platform": "architecture", "copy": "contents", "add": "contents", "files": "contents",
        "paths": "contents", "packages": "contents", "run": "extraCommands", "compression": "compressor",
    ]
}
