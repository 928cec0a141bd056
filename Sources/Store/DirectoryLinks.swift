import Glibc
import SystemPackage

/// Resolves links to directories on this machine, like rsync's `--copy-dirlinks`.
///
/// Links cannot lead out of the image's sources, so no other file of this machine gets into the image. A link in a
/// directory of contents leads to a path below that directory, a link in a store path to a path in the store, and both
/// into store paths, wherever the store is on this machine. An absolute target, or one that leads above the directory
/// of contents, is resolved from the image's root, where only the store is known.
package struct DirectoryLinks: Sendable {
    /// The most links that are followed, as in Linux (path_resolution(7)).
    private static let linkLimit = 40

    /// The largest number of entries of one content that are reached through links.
    ///
    /// Without a limit some dozens of links are enough to fill any disk, because each may lead to a directory with two
    /// more.
    let entryLimit: Int

    private let store: StoreLocation
    private let storeDir: FilePath

    /// - Parameter entryLimit: the largest number of entries of one content that are reached through links.
    package init(_ store: StoreLocation, entryLimit: Int = 1_000_000) {
        self.store = store
        self.entryLimit = entryLimit
        storeDir = FilePath(store.storeDir)
    }

    /// The directory that a link leads to.
    ///
    /// - Parameters:
    ///   - target: the link's target.
    ///   - directory: the absolute path of the link's directory on this machine.
    ///   - root: the path of the content, a prefix of `directory` unless that is in the store.
    /// - Returns: the directory's path on this machine, without links except above the store; nil if the link is
    ///   dangling or circular, leads to something else, or leads out of the image's sources.
    func directory(_ target: [UInt8], from directory: FilePath, below root: FilePath) -> FilePath? {
        guard let path = follow(FilePath(bytes: target), from: logical(directory), below: root) else { return nil }
        var status = stat()
        guard path.withPlatformString({ lstat($0, &status) }) == 0 else { return nil }
        return FileTree.Kind(mode: status.st_mode) == .directory ? path : nil
    }

    /// Resolves a target and all links in it to a path on this machine.
    private func follow(_ target: FilePath, from directory: FilePath, below root: FilePath) -> FilePath? {
        var place = directory
        var isBelowRoot = !directory.starts(with: storeDir)
        var rest: [FilePath.Component] = []
        func follow(_ target: FilePath) {
            if target.isAbsolute { (place, isBelowRoot) = ("/", false) }
            rest += target.components.reversed()
        }
        follow(target)
        var count = 1
        while let component = rest.popLast() {
            switch component.kind {
            case .currentDirectory: continue
            case .parentDirectory:
                if isBelowRoot, place == root {
                    (place, isBelowRoot) = ("/", false)
                } else {
                    place.removeLastComponent()
                }
                continue
            case .regular: place.append(component)
            }
            // The store directory may be a link on this machine. Its logical path stays the same.
            if storeDir.starts(with: place) { continue }
            if place.starts(with: storeDir) { isBelowRoot = false } else if !isBelowRoot { return nil }
            guard let next = machine(place).linkTarget else { continue }
            count += 1
            guard count <= Self.linkLimit else { return nil }
            place.removeLastComponent()
            follow(next)
        }
        // The store directory as a whole and its parents are not sources of the image.
        return isBelowRoot || place.starts(with: storeDir) && place != storeDir ? machine(place) : nil
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
    /// Makes a path of any bytes up to the first NUL.
    init(bytes: some Sequence<UInt8>) {
        self.init(platformString: bytes.map { CChar(bitPattern: $0) } + [0])
    }

    /// The target of the link at the path; nil if there is no link.
    fileprivate var linkTarget: FilePath? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = withPlatformString { readlink($0, &buffer, buffer.count - 1) }
        // The rest of the buffer is zeros.
        return length > 0 ? FilePath(platformString: buffer) : nil
    }
}
