import ByteIO
import Errors
import SystemPackage

/// The existing store paths, indexed by their hash parts.
package struct StoreNames: Sendable {
    /// The paths by hash part, the shortest first, then by name. Nix keeps files such as `<hash>-<name>.lock` beside a
    /// path, so a hash part may have several.
    private var paths: [Substring: [StorePath]]

    /// Indexes the paths of a closure.
    package init(of closure: Closure) {
        self.init(closure.nodes.map(\.path))
    }

    /// Lists the store directory on this machine. If the directory is missing, there are no paths.
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

    /// These paths and others. Of a hash part that both have, these are preferred.
    package func union(_ other: StoreNames) -> StoreNames {
        var union = self
        union.paths.merge(other.paths) { own, _ in own }
        return union
    }

    /// The first path of each hash part.
    var all: [StorePath] { paths.values.compactMap(\.first) }

    /// True if the path exists.
    package func contains(_ path: StorePath) -> Bool {
        paths[path.hashPart]?.contains(path) ?? false
    }

    /// The existing path with the candidate's hash part, preferably the candidate itself; nil if there is none.
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

/// The store paths in texts, such as a configuration's values and scripts.
package struct StoreReferences: Equatable, Sendable {
    /// The existing paths by their real names, without duplicates, in the order of the texts.
    package private(set) var found: [StorePath] = []
    /// The candidates that do not exist, without duplicates, in the order of the texts.
    package private(set) var unresolved: [StorePath] = []

    /// Finds the store paths in texts.
    ///
    /// - Parameter names: the existing store paths. They are found by hash part, because a name in a text may be
    ///   followed by a byte that could belong to it, such as the full stop of a sentence.
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

    /// The parts of a text that look like store paths: the store directory, a slash, 32 base-32 digits, a dash and up
    /// to 211 bytes of a name.
    package static func candidates(in text: String, storeDir: String) -> [StorePath] {
        let bytes = Array(text.utf8)
        let prefix = Array("\(storeDir)/".utf8)
        var candidates: [StorePath] = []
        var position = 0
        while let match = bytes[position...].firstRange(of: prefix) {
            // Continue inside the match, because its last slash may begin the next match.
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
