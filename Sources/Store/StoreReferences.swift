import Digests

/// The store paths that are named in texts: in a configuration's values and in commands.
public struct StoreReferences: Equatable, Sendable {
    /// The paths that are there, under their real names, each once, in the order in which they are named.
    public private(set) var found: [StorePath] = []
    /// What looks like a store path and is none that is there, as it is written, each once.
    public private(set) var unresolved: [StorePath] = []

    /// Finds what the texts name.
    ///
    /// - Parameter names: the store paths that are there. A path is told by its hash part, since a text may go on behind
    ///   a name with a byte that could belong to it: the full stop at the end of a sentence.
    public init(in texts: some Sequence<String>, storeDir: String, among names: StoreNames) {
        var seen: Set<StorePath> = []
        for candidate in texts.lazy.flatMap({ Self.candidates(in: $0, storeDir: storeDir) }) {
            if let path = names.resolve(candidate) {
                if seen.insert(path).inserted { found.append(path) }
            } else if seen.insert(candidate).inserted {
                unresolved.append(candidate)
            }
        }
    }

    /// What looks like a path of the store: its folder, a slash, 32 characters of base 32, a dash and as many bytes of
    /// a name as there are, at most 211.
    public static func candidates(in text: String, storeDir: String) -> [StorePath] {
        let bytes = Array(text.utf8)
        let prefix = Array("\(storeDir)/".utf8)
        var candidates: [StorePath] = []
        var position = 0
        while let match = bytes[position...].firstRange(of: prefix) {
            // Not its end: the slash there may begin the next one.
            position = match.lowerBound + 1
            let name = bytes[match.upperBound...].prefix(while: StorePath.isNameByte).prefix(StorePath.longestBaseName)
            guard let path = StorePath(baseName: String(decoding: name, as: UTF8.self), storeDir: storeDir) else {
                continue
            }
            candidates.append(path)
            position = name.endIndex
        }
        return candidates
    }
}
