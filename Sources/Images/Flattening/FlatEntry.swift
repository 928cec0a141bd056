import Archives
import Tar

/// What a name in a flat tree stands for.
public struct FlatEntry: Equatable, Sendable {
    /// Never a hard link: each name of a file is a file.
    public var kind: TarKind
    /// Permission bits with setuid, setgid and sticky: 07777.
    public var mode: UInt16
    public var attributes: TarAttributes
    /// In the order of the layer.
    public var xattrs: [TarXattr]
    /// Bytes of a file; 0 for all else.
    public var size: UInt64
    /// What a symbolic link points to; empty for all else.
    public var linkTarget: [UInt8]
    public var deviceMajor: UInt32
    public var deviceMinor: UInt32
}

extension FlatTree {
    /// What a name stands for; nil if it was removed.
    public func entry(_ id: ID) -> FlatEntry? {
        let node = self[id]
        guard let kind = node.kind else { return nil }
        let owner = owners[Int(node.owner)]
        let isDevice = kind == .characterDevice || kind == .blockDevice
        return FlatEntry(
            kind: kind, mode: node.mode,
            attributes: TarAttributes(
                uid: owner.uid, gid: owner.gid, userName: owner.userName, groupName: owner.groupName,
                modified: TarTime(seconds: node.seconds, nanoseconds: node.nanoseconds)),
            xattrs: node.hasXattrs ? xattrs[id] ?? [] : [], size: kind == .file ? node.size : 0,
            linkTarget: kind == .symbolicLink ? Array(text(node.targetRange)) : [],
            deviceMajor: isDevice ? UInt32(truncatingIfNeeded: node.size >> 32) : 0,
            deviceMinor: isDevice ? UInt32(truncatingIfNeeded: node.size) : 0)
    }

    /// The body of a file, where it lies in its layer; nil for all else.
    public func body(_ id: ID) -> FileRange? {
        let node = self[id]
        guard node.kind == .file else { return nil }
        return layers[Int(node.bodyLayer) - 1].slice(at: node.offset, size: node.size)
    }

    /// The body of a file, and the number of the layer that it lies in, from 0 on; nil for all else.
    public func placedBody(_ id: ID) -> (body: FileRange, layer: Int)? {
        body(id).map { ($0, Int(self[id].bodyLayer) - 1) }
    }

    /// What all names of one file have in common, and no two files.
    public struct FileIdentity: Hashable, Sendable {
        let kind: TarKind
        let layer: UInt16
        let offset: UInt64
    }

    /// Which file a name stands for, if other names may stand for it too; nil if there are none.
    public func sharedIdentity(_ id: ID) -> FileIdentity? {
        let node = self[id]
        guard node.isShared, let kind = node.kind else { return nil }
        return FileIdentity(kind: kind, layer: node.bodyLayer, offset: node.offset)
    }
}
