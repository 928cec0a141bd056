import Archives
import Failures
import Tar

extension FlatTree {
    /// Puts a layer over those that were applied before.
    ///
    /// What is applied: entries in the order of the tar, of two with one name the last; whiteouts and opaque folders of
    /// lower layers' files alone; hard links as further names of the same file. A folder over a folder keeps what is in
    /// it; all else replaces what was there.
    ///
    /// - Parameter layer: the plain tar.
    /// - Throws: `Failure` with code `data` for what no image should hold, which names the layer and the entry; the tree
    ///   is of no more use then. `Failure` with code `io` if the layer cannot be read.
    public mutating func apply(_ layer: FileRange, name: String) throws {
        let reader = TarReader(layer.source(), archive: name)
        guard layers.count < FlattenLimits.layers else {
            throw reader.failure("it is one of more layers than the limit of \(FlattenLimits.layers)")
        }
        layers.append(layer)
        while let member = try reader.next() {
            do {
                try apply(member)
            } catch {
                throw reader.failure(error.why)
            }
        }
    }

    private mutating func apply(_ member: TarMember) throws(LayerFault) {
        let path = try LayerPath(member.path)
        switch path.meaning {
        case .bookkeeping: break
        case .whiteout: try whiteOut(path)
        case .opaque: try makeOpaque(path)
        case .root:
            guard member.kind == .folder else { throw LayerFault("it has the name of the root and is no folder") }
            try set(.root, to: member)
        case .entry where member.kind == .hardLink: try link(path, to: member.linkTarget)
        case .entry:
            let folder = try makeFolder(path.folders)
            try set(try node(path.name, in: folder), to: member)
        }
    }

    /// Has a name stand for an entry. What is below it stays if it was a folder and is one.
    private mutating func set(_ id: ID, to member: TarMember) throws(LayerFault) {
        var entry = FlatNode(parent: .root, name: 0, nameLength: 0, pathLength: 0)
        (entry.kind, entry.mode, entry.owner) = (member.kind, member.mode, try owner(of: member))
        (entry.seconds, entry.nanoseconds) = (member.modified.seconds, member.modified.nanoseconds)
        (entry.bodyLayer, entry.offset, entry.size) = (layer, member.bodyOffset, member.size)
        switch member.kind {
        case .symbolicLink:
            entry.offset = UInt64(try keep(try Self.linkTarget(member.linkTarget)[...]))
            entry.size = UInt64(member.linkTarget.count)
        case .characterDevice, .blockDevice:
            guard max(member.deviceMajor, member.deviceMinor) <= Self.deviceLimit else {
                throw LayerFault("it is a device with a number that Linux does not have")
            }
            entry.size = UInt64(member.deviceMajor) << 32 | UInt64(member.deviceMinor)
        default: break
        }
        try put(entry, member.xattrs.filter(\.belongsToLayers), at: id)
    }

    /// Has a name stand for the same file as another one.
    private mutating func link(_ path: LayerPath, to target: [UInt8]) throws(LayerFault) {
        guard !target.isEmpty else { throw LayerFault("it is a hard link to nothing") }
        guard target.first != UInt8(ascii: "/") else {
            throw LayerFault("it is a hard link to '\(TarName.printable(target))', an absolute path")
        }
        guard !LayerPath.split(target).contains(where: LayerPath.isDotDot) else {
            throw LayerFault("it is a hard link to '\(TarName.printable(target))', which leads upwards")
        }
        guard let source = find(target, followsLast: false) else {
            throw LayerFault("it is a hard link to '\(TarName.printable(target))', which is not there")
        }
        guard self[source].kind != .folder else {
            throw LayerFault("it is a hard link to '\(TarName.printable(target))', which is a folder")
        }
        self[source].isShared = true
        let entry = self[source]
        let attributes = xattrs[source] ?? []
        let id = try node(path.name, in: makeFolder(path.folders))
        guard id != source else { throw LayerFault("it is a hard link to itself") }
        try put(entry, attributes, at: id)
    }

    private mutating func put(_ entry: FlatNode, _ attributes: [TarXattr], at id: ID) throws(LayerFault) {
        if self[id].kind != .folder || entry.kind != .folder { removeChildren(of: id) }
        self[id].take(entry)
        self[id].setIn = layer
        self[id].hasXattrs = !attributes.isEmpty
        xattrs[id] = attributes.isEmpty ? nil : attributes
        for xattr in attributes { try count(xattr.name.count + xattr.value.count) }
    }

    private mutating func owner(of member: TarMember) throws(LayerFault) -> UInt32 {
        let owner = Owner(
            uid: member.uid, gid: member.gid, userName: member.userName, groupName: member.groupName)
        if let number = ownerNumbers[owner] { return number }
        try count(MemoryLayout<Owner>.size + owner.userName.count + owner.groupName.count)
        let number = UInt32(owners.count)
        owners.append(owner)
        ownerNumbers[owner] = number
        return number
    }

    /// The largest number that a device's field in a header holds; Linux has 12 bits for major and 20 for minor ones.
    private static let deviceLimit: UInt32 = 0o7_777_777

    private static func linkTarget(_ target: [UInt8]) throws(LayerFault) -> [UInt8] {
        guard !target.isEmpty else { throw LayerFault("it is a link to nothing") }
        guard target.count <= FlattenLimits.path else {
            throw LayerFault("its target has \(target.count) bytes, more than the limit of \(FlattenLimits.path)")
        }
        guard !target.contains(0) else { throw LayerFault("its target holds a NUL") }
        return target
    }
}
