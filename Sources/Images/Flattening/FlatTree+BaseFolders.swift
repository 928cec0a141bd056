import Store

extension FlatTree: BaseFolders {
    public func resolve(_ path: [UInt8]) -> [UInt8]? {
        guard let folder = find(path), entry(folder)?.kind == .folder, case let real = self.path(of: folder),
            real != path
        else { return nil }
        return real
    }

    public func folder(at path: [UInt8]) -> BaseFolder? {
        guard let id = find(path, followsLast: false), let entry = entry(id), entry.kind == .folder else { return nil }
        return BaseFolder(mode: entry.mode, xattrs: entry.xattrs, attributes: entry.attributes)
    }
}
