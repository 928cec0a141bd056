import Glibc
import SystemPackage

/// Finds the folders that links lead to, as rsync's `--copy-dirlinks` does: where the links are, not in the image.
///
/// A link into the store leads to where the store lies on this machine. One that stands in a store path and leads out of
/// the store leads nowhere: such a path is the same on every machine, and what lies around it is not.
public struct FolderLinks: Sendable {
    /// As many as Linux follows (path_resolution(7)).
    private static let limit = 40

    private let store: StoreLocation
    private let storeDir: FilePath

    public init(_ store: StoreLocation) {
        self.store = store
        storeDir = FilePath(store.storeDir)
    }

    /// The folder that a link leads to, by a path without links but for those on the way to the store.
    ///
    /// - Parameters:
    ///   - target: what the link says.
    ///   - folder: the absolute path of the folder where the link stands, on this machine.
    /// - Returns: its path on this machine; nil for a link to something else, to nothing, or round in a circle.
    func folder(_ target: [UInt8], from folder: FilePath) -> FilePath? {
        let start = logical(folder)
        let isOfStore = start.starts(with: storeDir)
        guard let found = follow(FilePath(bytes: target), from: start, isOfStore: isOfStore),
            !isOfStore || found.starts(with: storeDir) && found != storeDir
        else { return nil }
        let path = machine(found)
        var status = stat()
        guard path.withPlatformString({ lstat($0, &status) }) == 0 else { return nil }
        return FileTree.Kind(mode: status.st_mode) == .folder ? path : nil
    }

    /// The path that a target leads to when it and the links on the way are followed.
    private func follow(_ target: FilePath, from folder: FilePath, isOfStore: Bool) -> FilePath? {
        var place = target.isAbsolute ? FilePath("/") : folder
        var rest = Array(target.components.reversed())
        var count = 1
        while let component = rest.popLast() {
            switch component.kind {
            case .currentDirectory: continue
            case .parentDirectory:
                place.removeLastComponent()
                continue
            case .regular: place.append(component)
            }
            // The store's own folder may be a link on this machine; what the store is called does not depend on it.
            if storeDir.starts(with: place) { continue }
            guard !isOfStore || place.starts(with: storeDir) else { return nil }
            guard let next = machine(place).linkTarget else { continue }
            count += 1
            guard count <= Self.limit else { return nil }
            place.removeLastComponent()
            if next.isAbsolute { place = "/" }
            rest += next.components.reversed()
        }
        return place
    }

    private func logical(_ path: FilePath) -> FilePath {
        var relative = path
        guard relative.removePrefix(store.root) else { return path }
        let logical = FilePath("/").pushing(relative)
        return logical.starts(with: storeDir) ? logical : path
    }

    private func machine(_ path: FilePath) -> FilePath {
        path.starts(with: storeDir) ? store.root.pushing(path.removingRoot()) : path
    }
}

extension FilePath {
    /// A path of any bytes; they end at a NUL.
    init(bytes: some Sequence<UInt8>) {
        self.init(platformString: bytes.map { CChar(bitPattern: $0) } + [0])
    }

    /// What the link at the path says; nil if there is none.
    fileprivate var linkTarget: FilePath? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = withPlatformString { readlink($0, &buffer, buffer.count - 1) }
        // The rest of the buffer is zeros.
        return length > 0 ? FilePath(platformString: buffer) : nil
    }
}
