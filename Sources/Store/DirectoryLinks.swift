import Glibc
import SystemPackage

/// Finds the directories that links lead to, as rsync's `--copy-dirlinks` does: where the links are, not in the image.
///
/// Only inside what the image is made of: no file of this machine gets into it by way of a link. A link in a plain directory
/// leads to what lies below the directory that contents name, one in a store path to what lies in the store, and both into
/// store paths, where the store lies on this machine. An absolute target means the image's root, and so does all that
/// leads above the directory that contents name: from there only the store is known.
package struct DirectoryLinks: Sendable {
    /// As many as Linux follows (path_resolution(7)).
    private static let linkLimit = 40

    /// The most files, directories and links of one content that are reached through links. Some dozens of links suffice for
    /// more than any machine can hold, since each may lead to a directory with two more.
    let entryLimit: Int

    private let store: StoreLocation
    private let storeDir: FilePath

    package init(_ store: StoreLocation, entryLimit: Int = 1_000_000) {
        self.store = store
        self.entryLimit = entryLimit
        storeDir = FilePath(store.storeDir)
    }

    /// The directory that a link leads to, by a path without links but for those on the way to the store.
    ///
    /// - Parameters:
    ///   - target: what the link says.
    ///   - directory: the absolute path of the directory where the link stands, on this machine.
    ///   - root: that of the content, which `directory` begins with unless it lies in the store.
    /// - Returns: its path on this machine; nil for a link to something else, to nothing, out of what the image is made
    ///   of, or round in a circle.
    func directory(_ target: [UInt8], from directory: FilePath, below root: FilePath) -> FilePath? {
        guard let path = follow(FilePath(bytes: target), from: logical(directory), below: root) else { return nil }
        var status = stat()
        guard path.withPlatformString({ lstat($0, &status) }) == 0 else { return nil }
        return FileTree.Kind(mode: status.st_mode) == .directory ? path : nil
    }

    /// The path on this machine that a target leads to when it and the links on the way are followed.
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
            // The store's own directory may be a link on this machine; what the store is called does not depend on it.
            if storeDir.starts(with: place) { continue }
            if place.starts(with: storeDir) { isBelowRoot = false } else if !isBelowRoot { return nil }
            guard let next = machine(place).linkTarget else { continue }
            count += 1
            guard count <= Self.linkLimit else { return nil }
            place.removeLastComponent()
            follow(next)
        }
        // Not the store as a whole, nor what it lies in.
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
