import Store
import SystemPackage

/// A path of a spec's `contents`.
public struct ContentPath: Hashable, Sendable {
    /// Where the content lies.
    public enum Place: Hashable, Sendable {
        /// In the store: a store path, and what follows it (`bin/sh`), empty for the whole of it.
        case store(StorePath, below: String)
        /// A plain folder or file of this machine, absolute.
        case machine(FilePath)
    }

    /// The path as the spec has it.
    public let written: String
    /// Where it leads.
    public let place: Place

    /// The absolute path in the store's own terms, wherever the store lies on this machine; nil for a plain folder.
    public var logicalPath: String? {
        guard case .store(let path, let below) = place else { return nil }
        return below.isEmpty ? path.path : "\(path.path)/\(below)"
    }

    /// Where the content lies on this machine.
    public func machinePath(in store: StoreLocation) -> FilePath {
        switch place {
        case .machine(let path): path
        case .store: store.machinePath(of: logicalPath ?? "")
        }
    }

    /// Nil if the path leads into the store's folder, and what it names there has no store path's name.
    ///
    /// - Parameters:
    ///   - folder: the absolute folder that a relative path starts from.
    init?(_ written: String, folder: FilePath, store: StoreLocation) {
        self.written = written
        let absolute = written.path(from: folder)
        // By the text alone, as the store need not be there yet, and its paths are no links.
        let normalised = absolute.lexicallyNormalized().string
        let folderOnMachine = store.machinePath(of: store.storeDir).lexicallyNormalized().string
        guard
            let rest = Self.rest(of: normalised, below: store.storeDir)
                ?? Self.rest(of: normalised, below: folderOnMachine)
        else {
            place = .machine(absolute)
            return
        }
        let parts = rest.split(separator: "/", maxSplits: 1)
        guard let baseName = parts.first,
            let path = StorePath(baseName: String(baseName), storeDir: store.storeDir)
        else { return nil }
        place = .store(path, below: parts.count > 1 ? String(parts[1]) : "")
    }

    private static func rest(of path: String, below folder: String) -> Substring? {
        path.hasPrefix(folder + "/") ? path.dropFirst(folder.count + 1) : nil
    }
}
