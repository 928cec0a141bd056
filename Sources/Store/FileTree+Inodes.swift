import Tar

extension FileTree {
    /// What is read of the files of a tree.
    public enum Facts: Sendable {
        /// Kind, mode, size and time: each name is a file of its own, as store paths have it.
        case contents
        /// Which names are names of one file too (hard links), and extended attributes.
        case linksAndAttributes
    }

    /// What few entries have, in a table of its own so that all others stay small.
    struct Inode: Sendable {
        var xattrs: [TarXattr] = []
        /// Owner and time of a folder as the base image has them.
        var attributes: TarAttributes?
    }

    /// The extended attributes of an entry, by name.
    public func xattrs(of entry: Entry) -> [TarXattr] {
        inode(of: entry)?.xattrs ?? []
    }

    /// Owner and time of a folder that the base image has; nil for what is new.
    public func attributes(of entry: Entry) -> TarAttributes? {
        inode(of: entry)?.attributes
    }

    /// A number that entries share if they are names of one file. Nil for folders, and for files that surely have no
    /// other name.
    public func file(of entry: Entry) -> UInt32? {
        entry.inode > 0 && entry.kind != .folder ? entry.inode : nil
    }

    /// Keeps what an entry has besides.
    ///
    /// - Parameter isShared: whether other entries may be names of the same file.
    /// - Returns: the number for the entry, 0 for nothing.
    mutating func append(_ inode: Inode, isShared: Bool = false) -> UInt32 {
        guard isShared || !inode.xattrs.isEmpty || inode.attributes != nil else { return 0 }
        inodes.append(inode)
        return UInt32(inodes.count)
    }

    private func inode(of entry: Entry) -> Inode? {
        entry.inode > 0 ? inodes[Int(entry.inode) - 1] : nil
    }
}
