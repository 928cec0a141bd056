/// What the header of an entry says. The bytes behind the pointers belong to the caller for the time of the call.
public struct TarEntry {
    /// The name as it is written: a folder's ends in a slash.
    public var path: UnsafeRawBufferPointer
    public var kind: TarKind
    /// Permission bits with setuid, setgid and sticky: 07777.
    public var mode: UInt16
    /// Bytes of the body; 0 for all but files.
    public var size: UInt64
    /// What a link points to; empty for all but links.
    public var linkTarget: UnsafeRawBufferPointer
    /// Major and minor number of a device.
    public var device: (major: UInt32, minor: UInt32)
    /// Owner and time of this entry, nil for the writer's.
    public var attributes: TarAttributes?
    /// Extended attributes, which are written in this order.
    public var xattrs: [TarXattr]

    public init(
        path: UnsafeRawBufferPointer, kind: TarKind, mode: UInt16, size: UInt64 = 0,
        linkTarget: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
        device: (major: UInt32, minor: UInt32) = (0, 0), attributes: TarAttributes? = nil, xattrs: [TarXattr] = []
    ) {
        self.path = path
        self.kind = kind
        self.mode = mode
        self.size = size
        self.linkTarget = linkTarget
        self.device = device
        self.attributes = attributes
        self.xattrs = xattrs
    }
}
