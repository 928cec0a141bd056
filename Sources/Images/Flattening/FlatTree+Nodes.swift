import Tar

/// How nodes come and go.
extension FlatTree {
    /// The node of a name in a folder: a new one if no layer has had it yet. It stands among the folder's children.
    mutating func node(_ name: ArraySlice<UInt8>, in folder: ID) throws(LayerFault) -> ID {
        let id: ID
        if let known = known(name, of: folder) { id = known } else { id = try make(name, in: folder) }
        if !self[id].isLinked {
            self[id].nextSibling = self[folder].firstChild
            self[folder].firstChild = id
            self[id].isLinked = true
        }
        return id
    }

    private mutating func make(_ name: ArraySlice<UInt8>, in folder: ID) throws(LayerFault) -> ID {
        guard nodes.count < FlattenLimits.names, let number = UInt32(exactly: nodes.count) else {
            throw LayerFault("the layers have more names than the limit of \(FlattenLimits.names)")
        }
        let pathLength = Int(self[folder].pathLength) + (folder == .root ? 0 : 1) + name.count
        guard pathLength <= FlattenLimits.flatPath else {
            throw LayerFault("its path comes to \(pathLength) bytes, more than the limit of \(FlattenLimits.flatPath)")
        }
        try LayerPath.check(name)
        // No entry has such a name or lies below one, and in the flat tar it would remove things.
        guard !LayerPath.isWhiteout(name) else { throw LayerFault("a link leads it below a whiteout") }
        guard let length = UInt8(exactly: name.count) else { throw LayerFault("its name is too long") }
        let id = ID(number: number)
        let offset = try keep(name)
        nodes.append(FlatNode(parent: folder, name: UInt32(offset), nameLength: length, pathLength: UInt16(pathLength)))
        if table.isFull {
            table = table.grown { old in
                let node = self[old]
                return texts[node.nameRange].withUnsafeBytes { NameTable.hash($0, in: node.parent) }
            }
        }
        table.insert(id, name.withUnsafeBytes { NameTable.hash($0, in: folder) })
        return id
    }

    /// Keeps a name or a link's target.
    ///
    /// - Returns: where it begins in the texts.
    mutating func keep(_ text: ArraySlice<UInt8>) throws(LayerFault) -> Int {
        try count(text.count)
        let offset = texts.count
        texts += text
        return offset
    }

    /// Counts bytes that the tree is to keep.
    mutating func count(_ bytes: Int) throws(LayerFault) {
        textBytes += bytes
        guard textBytes <= FlattenLimits.texts else {
            throw LayerFault("the names and attributes of the layers have more bytes than \(FlattenLimits.texts)")
        }
    }

    /// Removes a name and all below it.
    mutating func remove(_ id: ID) {
        removeChildren(of: id)
        clear(id)
    }

    /// Removes all that is in a folder.
    mutating func removeChildren(of id: ID) {
        var folders = [id]
        while let folder = folders.popLast() {
            var child = self[folder].firstChild
            self[folder].firstChild = .root
            while child != .root {
                let next = self[child].nextSibling
                self[child].isLinked = false
                if self[child].kind == .folder { folders.append(child) }
                clear(child)
                child = next
            }
        }
    }

    private mutating func clear(_ id: ID) {
        if self[id].hasXattrs { xattrs[id] = nil }
        self[id].hasXattrs = false
        self[id].kind = nil
    }

    /// Makes a folder of a name as one that no layer has an entry for; what is in it stays.
    mutating func makePlainFolder(_ id: ID) {
        if self[id].kind != .folder { removeChildren(of: id) }
        clear(id)
        var plain = FlatNode(parent: .root, name: 0, nameLength: 0, pathLength: 0)
        (plain.kind, plain.mode) = (.folder, 0o755)
        self[id].take(plain)
        self[id].setIn = 0
    }
}
