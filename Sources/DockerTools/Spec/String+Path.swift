import SystemPackage

extension String {
    /// The path that a relative one means, without the steps that lead nowhere. `..` stays, since what it steps out of may
    /// be a link.
    func path(from folder: FilePath) -> FilePath {
        var path = folder.pushing(FilePath(self))
        path.components.removeAll { $0.kind == .currentDirectory }
        return path
    }
}
