import Digests
import Failures
import Glibc

extension FileTree {
    /// The tree with a fingerprint, one that was put together too: its files are looked at, and not read.
    ///
    /// - Throws: `Failure` with code `io` for a file that is not what it was when the tree was read.
    public func fingerprinted() throws -> FileTree {
        guard fingerprint == nil else { return self }
        let hash = try SHA256()
        func add(_ text: String) { hash.update(Array("\(text.utf8.count):\(text)".utf8)) }
        let files = TreeFiles(self)
        var newest = newestChange
        add("put together")
        try forEach { entry, path, target in
            add("\(entry.kind) \(entry.mode) \(entry.size) \(file(of: entry) ?? 0) \(path.count) \(target.count)")
            hash.update(path)
            hash.update(target)
            for xattr in xattrs(of: entry) {
                add("\(xattr.name.count) \(xattr.value.count)")
                hash.update(xattr.name)
                hash.update(xattr.value)
            }
            if let attributes = attributes(of: entry) { add("\(attributes)") }
            guard entry.kind == .file, entry.size > 0 else { return }
            try files.withFile(entry, at: path) { file in
                let status = try file.status()
                let changed = status.st_ctim.nanoseconds
                newest = max(newest, changed)
                add("\(status.st_dev) \(status.st_ino) \(entry.modified) \(changed)")
            }
        }
        var tree = self
        (tree.fingerprint, tree.newestChange) = (hash.finish(), newest)
        return tree
    }
}
