import ByteIO
import Errors
import SystemPackage

/// The store paths that are really there, to be found by their hash parts.
package struct StoreNames: Sendable {
    /// For each hash part the paths that have it. Nix puts `<hash>-<name>.lock` and the like beside a path, so the
    /// shortest comes first; of equals, the first by name.
    private var paths: [Substring: [StorePath]]

    /// The paths of a closure.
    package init(of closure: Closure) {
        self.init(closure.nodes.map(\.path))
    }

    /// The paths in the store directory on this machine; none if there is no such directory.
    ///
    /// - Throws: `ToolError` with code `io` if the directory cannot be read.
    package static func list(_ store: StoreLocation) throws -> StoreNames {
        StoreNames(try names(in: store).compactMap { StorePath(baseName: $0, storeDir: store.storeDir) })
    }

    init(_ paths: [StorePath]) {
        self.paths = Dictionary(grouping: paths, by: \.hashPart).mapValues { same in
            same.sorted { ($0.baseName.utf8.count, $0.baseName) < ($1.baseName.utf8.count, $1.baseName) }
        }
    }

    /// One path for each hash part.
    var all: [StorePath] { paths.values.compactMap(\.first) }

    /// Whether exactly this path is there.
    package func contains(_ path: StorePath) -> Bool {
        paths[path.hashPart]?.contains(path) ?? false
    }

    /// The path that has the candidate's hash part: the candidate itself if it is there.
    package func resolve(_ candidate: StorePath) -> StorePath? {
        contains(candidate) ? candidate : paths[candidate.hashPart]?.first
    }

    private static func names(in store: StoreLocation) throws -> [String] {
        let directory = store.machinePath(of: store.storeDir)
        do {
            return try DirectoryNames.read(directory)
        } catch Errno.noSuchFileOrDirectory {
            return []
        } catch let error as Errno {
            throw ToolError.io("cannot read the store directory \(directory)", error)
        }
    }
}

/// The store paths that are named in texts: in a configuration's values and in commands.
package struct StoreReferences: Equatable, Sendable {
    /// The paths that are there, under their real names, each once, in the order in which they are named.
    package private(set) var found: [StorePath] = []
    /// What looks like a store path and is none that is there, as it is written, each once.
    package private(set) var unresolved: [StorePath] = []

    /// Finds what the texts name.
    ///
    /// - Parameter names: the store paths that are there. A path is told by its hash part, since a text may go on behind
    ///   a name with a byte that could belong to it: the full stop at the end of a sentence.
    package init(in texts: some Sequence<String>, storeDir: String, among names: StoreNames) {
        var seen: Set<StorePath> = []
        for candidate in texts.lazy.flatMap({ Self.candidates(in: $0, storeDir: storeDir) }) {
            if let path = names.resolve(candidate) {
                if seen.insert(path).inserted { found.append(path) }
            } else if seen.insert(candidate).inserted {
                unresolved.append(candidate)
            }
        }
    }

    /// What looks like a path of the store: its directory, a slash, 32 characters of base 32, a dash and as many bytes of
    /// a name as there are, at most 211.
    package static func candidates(in text: String, storeDir: String) -> [StorePath] {
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
