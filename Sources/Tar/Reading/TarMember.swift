/// An entry of a tar that was read. Names are bytes as they stand in the archive: not normalised, not judged.
public struct TarMember: Equatable, Sendable {
    /// Its place in the archive, counted from 1; the headers that only extend it do not count.
    public var number: Int
    /// Where its body begins, in bytes from the archive's start.
    public var bodyOffset: UInt64
    public var path: [UInt8]
    public var kind: TarKind
    /// Bytes of the body; 0 for all but files.
    public var size: UInt64
    /// Permission bits with setuid, setgid and sticky: 07777.
    public var mode: UInt16
    public var uid: UInt64
    public var gid: UInt64
    public var userName: [UInt8]
    public var groupName: [UInt8]
    public var modified: TarTime
    /// What a link points to; empty for all but links.
    public var linkTarget: [UInt8]
    /// Major number of a device; 0 for all but devices.
    public var deviceMajor: UInt32
    /// Minor number of a device; 0 for all but devices.
    public var deviceMinor: UInt32
    /// Extended attributes, in the order of the archive.
    public var xattrs: [TarXattr]
}
