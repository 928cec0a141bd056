import Tar

extension RootFilesystem {
    /// The name of a node in its directory; that of the root is empty.
    package func name(of id: ID) -> ArraySlice<UInt8> { text(self[id].nameRange) }

    /// The path below the root, without slashes at its ends; that of the root is empty.
    package func path(of id: ID) -> [UInt8] {
        var names: [ArraySlice<UInt8>] = []
        var id = id
        while id != .root {
            names.append(name(of: id))
            id = self[id].parent
        }
        return Array(names.reversed().joined(separator: [UInt8(ascii: "/")]))
    }

    /// The contents of a directory, sorted by `PathOrder`; empty for other nodes.
    package func children(of directory: ID) -> [ID] {
        var children: [ID] = []
        var child = self[directory].firstChild
        while child != .root {
            if self[child].kind != nil { children.append(child) }
            child = self[child].nextSibling
        }
        texts.withUnsafeBytes { texts in
            children.sort { left, right in
                PathOrder.precedes(
                    UnsafeRawBufferPointer(rebasing: texts[self[left].nameRange]),
                    UnsafeRawBufferPointer(rebasing: texts[self[right].nameRange]))
            }
        }
        return children
    }

    /// The contents of a directory with their names, sorted by `PathOrder`.
    package func namedChildren(of directory: ID) -> [(name: [UInt8], id: ID)] {
        children(of: directory).map { (Array(name(of: $0)), $0) }
    }

    /// The node of a name in a directory; nil if there is none.
    package func child(_ name: ArraySlice<UInt8>, of directory: ID) -> ID? {
        guard let id = known(name, of: directory), self[id].kind != nil else { return nil }
        return id
    }

    /// The node at a path below the root, which may begin with a slash. Symbolic links are followed as the kernel
    /// follows them with the tree as its root.
    ///
    /// - Parameters:
    ///   - path: the path.
    ///   - followsLast: whether a link at the end is followed too.
    /// - Returns: nil if there is none, or the links form a loop.
    package func find(_ path: [UInt8], followsLast: Bool = true) -> ID? {
        var rest = Array(LayerPath.split(path).reversed())
        var place = ID.root
        var links = 0
        while let component = rest.popLast() {
            guard self[place].kind == .directory else { return nil }
            if LayerPath.isDot(component) { continue }
            if LayerPath.isDotDot(component) {
                place = self[place].parent
                continue
            }
            guard let child = child(component, of: place) else { return nil }
            guard self[child].kind == .symbolicLink, followsLast || !rest.isEmpty else {
                place = child
                continue
            }
            links += 1
            guard links <= RootfsLimits.links else { return nil }
            let target = Array(text(self[child].targetRange))
            if target.first == UInt8(ascii: "/") { place = .root }
            rest += LayerPath.split(target).reversed()
        }
        return place
    }

    /// The node of a name, even if the name was removed.
    func known(_ name: ArraySlice<UInt8>, of directory: ID) -> ID? {
        name.withUnsafeBytes { name in
            table.find(NameTable.hash(name, in: directory)) { id in
                let node = self[id]
                return node.parent == directory && Int(node.nameLength) == name.count
                    && texts[node.nameRange].elementsEqual(name)
            }
        }
    }
}
