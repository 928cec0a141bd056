import SystemPackage

/// A store: the folder that its paths name, and the root below which that folder lies on this machine.
public struct StoreLocation: Hashable, Sendable {
    /// The logical store folder: absolute, normalised, `/nix/store` by default.
    public let storeDir: String
    /// The folder that holds `storeDir` on this machine, `/` by default.
    public let root: FilePath

    public init(storeDir: String = "/nix/store", root: FilePath = "/") {
        self.storeDir = storeDir
        self.root = root
    }

    /// Where a logical path (a store path, or one below it) lies on this machine.
    public func machinePath(of logical: String) -> FilePath {
        var path = root
        path.append(logical)
        return path
    }

    /// Where a store path lies on this machine.
    public func machinePath(of path: StorePath) -> FilePath {
        machinePath(of: path.path)
    }
}
