extension FileTree {
    /// Whether the tree has files or directories whose owner cannot change them, unless the owner is root.
    package var hasProtectedEntries: Bool { entries.dropFirst().contains(where: \.isProtected) }

    /// Gives files and directories the modes again that they have in another tree, from which `make(in:unprotected:)` made
    /// them unprotected. Those whose modes were changed since keep them.
    package mutating func protect(like before: FileTree) {
        var protected: [[UInt8]: Entry] = [:]
        before.forEach { entry, path, _ in
            if entry.isProtected { protected[Array(path)] = entry }
        }
        let after = self
        var number = 0
        after.forEach { entry, path, _ in
            if let known = protected[Array(path)], known.kind == entry.kind, known.unprotectedMode == entry.mode {
                entries[number].mode = known.mode
            }
            number += 1
        }
        // The modes are no longer those of the files.
        fingerprint = nil
    }
}

extension FileTree.Entry {
    /// The mode with which a user other than root can change the file or directory.
    var unprotectedMode: UInt16 {
        switch kind {
        case .directory: mode | 0o700
        case .file: mode | 0o600
        case .link, .fifo, .characterDevice, .blockDevice, .socket: mode
        }
    }

    fileprivate var isProtected: Bool { mode != unprotectedMode }
}
