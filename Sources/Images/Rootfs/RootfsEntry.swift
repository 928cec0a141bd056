package import ByteIO
package import Tar

/// The metadata of a file in a root filesystem.
package struct RootfsEntry: Equatable, Sendable {
    /// The type. It is never a hard link: each name of a file is a file.
    package var kind: TarKind
    /// The permission bits with setuid, setgid and sticky: 0…07777.
    package var mode: UInt16
    /// The owner and the time.
    package var attributes: TarAttributes
    /// The extended attributes in the order of the layer.
    package var xattrs: [TarXattr]
    /// The size of a file in bytes; 0 for other types.
    package var size: UInt64
    /// The target of a symbolic link; empty for other types.
    package var linkTarget: [UInt8]
    /// The major number of a device; 0 for other types.
    package var deviceMajor: UInt32
    /// The minor number of a device; 0 for other types.
    package var deviceMinor: UInt32
}

extension RootFilesystem {
    /// The metadata of a name; nil if it was removed.
    package func entry(_ id: ID) -> RootfsEntry? {
        let node = self[id]
        guard let kind = node.kind else { return nil }
        let attributes = attributes[node.attributes]
        let owner = owners[Int(attributes.owner)]
        let isDevice = kind == .characterDevice || kind == .blockDevice
        return RootfsEntry(
            kind: kind, mode: node.mode,
            attributes: TarAttributes(
                uid: owner.uid, gid: owner.gid, userName: owner.userName, groupName: owner.groupName,
                modified: TarTime(seconds: attributes.seconds, nanoseconds: attributes.nanoseconds)),
            xattrs: node.hasXattrs ? xattrs[id] ?? [] : [], size: kind == .file ? node.size : 0,
            linkTarget: kind == .symbolicLink ? Array(text(node.targetRange)) : [],
            deviceMajor: isDevice ? UInt32(truncatingIfNeeded: node.size >> 32) : 0,
            deviceMinor: isDevice ? UInt32(truncatingIfNeeded: node.size) : 0)
    }

    /// The stored bytes of a file in its layer; nil for other types. They are the whole body, unless the file is sparse.
    package func body(_ id: ID) -> FileRange? {
        let node = self[id]
        guard node.kind == .file else { return nil }
        return layers[Int(node.bodyLayer) - 1].slice(
            at: node.offset, size: sparseMap(id)?.storedSize ?? node.size)
    }

    /// The stored bytes of a file, and the number of its layer, from 0; nil for other types.
    package func placedBody(_ id: ID) -> (body: FileRange, layer: Int)? {
        body(id).map { ($0, Int(self[id].bodyLayer) - 1) }
    }

    /// The stored parts of a sparse file; nil for all other names.
    package func sparseMap(_ id: ID) -> SparseMap? {
        let node = self[id]
        guard !sparseMaps.isEmpty, node.kind == .file else { return nil }
        return sparseMaps[BodyPlace(layer: node.bodyLayer, offset: node.offset)]
    }

    /// A value that all names of one file have in common, and that differs for two files.
    package struct FileIdentity: Hashable, Sendable {
        let kind: TarKind
        let layer: UInt16
        let offset: UInt64
    }

    /// The identity of a file that may have several names; nil if it has only one.
    package func sharedIdentity(_ id: ID) -> FileIdentity? {
        let node = self[id]
        guard node.isShared, let kind = node.kind else { return nil }
        return FileIdentity(kind: kind, layer: node.bodyLayer, offset: node.offset)
    }
}
