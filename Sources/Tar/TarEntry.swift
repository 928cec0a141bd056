import ByteIO

/// What the header of an entry says. The bytes behind the pointers belong to the caller for the time of the call.
package struct TarEntry {
    /// The name as it is written: a directory's ends in a slash.
    package var path: UnsafeRawBufferPointer
    package var kind: TarKind
    /// Permission bits with setuid, setgid and sticky: 07777.
    package var mode: UInt16
    /// Bytes of the body; 0 for all but files.
    package var size: UInt64
    /// What a link points to; empty for all but links.
    package var linkTarget: UnsafeRawBufferPointer
    /// Major and minor number of a device.
    package var device: (major: UInt32, minor: UInt32)
    /// Owner and time of this entry, nil for the writer's.
    package var attributes: TarAttributes?
    /// Extended attributes, which are written in this order.
    package var xattrs: [TarXattr]

    package init(
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

/// What an entry is, by its type flag in the header (POSIX.1-1988 ustar).
package enum TarKind: UInt8, Sendable {
    case file = 0x30
    case hardLink = 0x31
    case symbolicLink = 0x32
    case characterDevice = 0x33
    case blockDevice = 0x34
    case directory = 0x35
    case fifo = 0x36

    /// The type flag of a PAX extended header for the entry that follows it.
    static let paxHeader: UInt8 = 0x78
    /// The type flag of a PAX extended header for all entries that follow it.
    static let paxGlobalHeader: UInt8 = 0x67
    /// GNU tar's types for a link name and a name that are too long for the header.
    static let gnuLongLink: UInt8 = 0x4B
    static let gnuLongName: UInt8 = 0x4C
}

/// Owner and time of one entry, as another archive had them.
package struct TarAttributes: Hashable, Sendable {
    package var uid: UInt64
    package var gid: UInt64
    package var userName: [UInt8]
    package var groupName: [UInt8]
    package var modified: TarTime

    package init(
        uid: UInt64 = 0, gid: UInt64 = 0, userName: [UInt8] = [], groupName: [UInt8] = [],
        modified: TarTime = TarTime(seconds: 0)
    ) {
        self.uid = uid
        self.gid = gid
        self.userName = userName
        self.groupName = groupName
        self.modified = modified
    }

    /// The same for all entries of a layer.
    init(_ owner: TarOwner) {
        self.init(
            uid: owner.uid, gid: owner.gid, userName: Array(owner.userName.utf8),
            groupName: Array(owner.groupName.utf8),
            modified: TarTime(seconds: owner.modified))
    }
}

/// An extended attribute of a file, such as `security.capability` (xattr(7)): bytes that Linux gives a meaning, or a
/// program.
package struct TarXattr: Hashable, Sendable {
    /// With its namespace: `user.mime_type`.
    package var name: [UInt8]
    package var value: [UInt8]

    package init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }

    /// What stands before the name in the key of its PAX record.
    ///
    /// Source: star(1), "SCHILY.xattr"; GNU tar, Go's `archive/tar` and Docker write and read the same.
    static let keyPrefix: StaticString = "SCHILY.xattr."
}

/// The owner and the time that all entries of a layer bear.
package struct TarOwner: Hashable, Sendable {
    package var uid: UInt64
    package var gid: UInt64
    package var userName: String
    package var groupName: String
    /// Seconds since 1970; may be negative.
    package var modified: Int64

    package init(
        uid: UInt64 = 0, gid: UInt64 = 0, userName: String = "root", groupName: String = "root", modified: Int64 = 1
    ) {
        self.uid = uid
        self.gid = gid
        self.userName = userName
        self.groupName = groupName
        self.modified = modified
    }
}

/// A time as a tar gives it.
package struct TarTime: Hashable, Sendable {
    /// Whole seconds since 1970, rounded down; may be negative.
    package var seconds: Int64
    /// Nanoseconds beyond the seconds, 0 to 999,999,999.
    package var nanoseconds: UInt32

    package init(seconds: Int64, nanoseconds: UInt32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The seconds as a decimal number, with as many digits behind the point as say something.
    var decimal: String {
        guard nanoseconds > 0 else { return "\(seconds)" }
        // A time before 1970 is rounded down: -1.5 is half a second behind -2.
        let isNegative = seconds < 0
        let whole = isNegative ? (seconds + 1).magnitude : seconds.magnitude
        let fraction = isNegative ? 1_000_000_000 - nanoseconds : nanoseconds
        var digits = String(fraction)
        digits = String(repeating: "0", count: 9 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "\(isNegative ? "-" : "")\(whole).\(digits)"
    }
}
