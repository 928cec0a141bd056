import Archives
import Failures
import SystemPackage

/// The store paths that are really there, to be found by their hash parts.
public struct StoreNames: Sendable {
    /// For each hash part the paths that have it. Nix puts `<hash>-<name>.lock` and the like beside a path, so the
    /// shortest comes first; of equals, the first by name.
    private var paths: [Substring: [StorePath]]

    /// The paths of a closure.
    public init(of closure: Closure) {
        self.init(closure.nodes.map(\.path))
    }

    /// The paths in the store folder on this machine; none if there is no such folder.
    ///
    /// - Throws: `Failure` with code `io` if the folder cannot be read.
    public init(listing store: StoreLocation) throws {
        self.init(try Self.list(store).compactMap { StorePath(baseName: $0, storeDir: store.storeDir) })
    }

    init(_ paths: [StorePath]) {
        self.paths = Dictionary(grouping: paths, by: \.hashPart).mapValues { same in
            same.sorted { ($0.baseName.utf8.count, $0.baseName) < ($1.baseName.utf8.count, $1.baseName) }
        }
    }

    /// One path for each hash part.
    var all: [StorePath] { paths.values.compactMap(\.first) }

    /// Whether exactly this path is there.
    public func contains(_ path: StorePath) -> Bool {
        paths[path.hashPart]?.contains(path) ?? false
    }

    /// The path that has the candidate's hash part: the candidate itself if it is there.
    public func resolve(_ candidate: StorePath) -> StorePath? {
        contains(candidate) ? candidate : paths[candidate.hashPart]?.first
    }

    private static func list(_ store: StoreLocation) throws -> [String] {
        let folder = store.machinePath(of: store.storeDir)
        do {
            return try FolderNames.read(folder)
        } catch Errno.noSuchFileOrDirectory {
            return []
        } catch let error as Errno {
            throw Failure.io("cannot read the store folder \(folder)", error)
        }
    }
}
