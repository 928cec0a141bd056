import Images
import Store

extension StoreLocation {
    /// The store's folder and its parents, as a layer of the image's root has them, but for those that are there.
    ///
    /// - Parameters:
    ///   - base: a folder that it has is like there.
    ///   - isThere: is asked with the path below the root, without a slash before or behind it.
    func folders(like base: FlatTree?, butFor isThere: ([UInt8]) -> Bool) -> [FileLayer.Folder] {
        var folders: [FileLayer.Folder] = []
        var path: [UInt8] = []
        for component in storeDir.split(separator: "/") {
            path += (path.isEmpty ? [] : [UInt8(ascii: "/")]) + Array(component.utf8)
            guard !isThere(path) else { continue }
            folders.append(FileLayer.Folder(path + [UInt8(ascii: "/")], like: base?.folder(at: path)))
        }
        return folders
    }

    /// Store paths as parts of a layer of the image's root, whose names begin without a slash.
    func parts(_ paths: [StorePath]) -> [FileLayer.Part] {
        paths.map { FileLayer.Part(.path(machinePath(of: $0)), at: String($0.path.drop { $0 == "/" })) }
    }
}
