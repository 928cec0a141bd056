import ByteIO

/// The header of an entry to be written. The caller owns the memory of the pointers, which must be valid during the
/// call.
package struct TarEntry {
    /// The name as written; the name of a directory ends in a slash.
    package var path: UnsafeRawBufferPointer
    /// The type of the entry.
    package var kind: TarKind
    /// Permission bits with setuid, setgid and sticky: 07777.
    package var mode: UInt16
    /// The size of the body in bytes; 0 unless the entry is a file.
    package var size: UInt64
    /// The target of a link; empty for other entries.
    package var linkTarget: UnsafeRawBufferPointer
    /// Major and minor number of a device.
    package var device: (major: UInt32, minor: UInt32)
    /// The owner and time of this entry; nil for those of the writer.
    package var attributes: TarAttributes?
    /// The extended attributes, in the order in which they are written.
    package var xattrs: [TarXattr]

    /// Creates an entry; by default it has no body, link target or device.
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

/// The type of an entry; the raw value is the type flag in the header (POSIX.1-1988 ustar).
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
    /// The type flag of GNU tar for a link target that is too long for the header of the entry that follows it.
    static let gnuLongLink: UInt8 = 0x4B
    /// The type flag of GNU tar for a name that is too long for the header of the entry that follows it.
    static let gnuLongName: UInt8 = 0x4C
    /// The type flag of GNU tar for a sparse file whose map is in its header.
    static let gnuSparseFile: UInt8 = 0x53
}

/// The owner and time of one entry.
package struct TarAttributes: Hashable, Sendable {
    package var uid: UInt64
    package var gid: UInt64
    package var userName: [UInt8]
    package var groupName: [UInt8]
    package var modified: TarTime

    /// Creates attributes; by default the owner is 0:0 without names, and the time 1970-01-01.
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

    /// Creates the attributes that all entries of a layer share.
    package init(_ owner: TarOwner) {
        self.init(
            uid: owner.uid, gid: owner.gid, userName: Array(owner.userName.utf8),
            groupName: Array(owner.groupName.utf8),
            modified: TarTime(seconds: owner.modified))
    }
}

/// An extended attribute of a file, such as `security.capability` (xattr(7)).
package struct TarXattr: Hashable, Sendable {
    /// The name with its namespace: `user.mime_type`.
    package var name: [UInt8]
    /// The value, which may be any bytes.
    package var value: [UInt8]

    /// Creates an attribute.
    package init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }

    /// The prefix of the name in the key of its PAX record.
    ///
    /// Source: star(1), "SCHILY.xattr"; GNU tar, Go's `archive/tar` and Docker use the same prefix.
    static let keyPrefix: StaticString = "SCHILY.xattr."
}

/// The owner and the time of all entries of a layer.
package struct TarOwner: Hashable, Sendable {
    package var uid: UInt64
    package var gid: UInt64
    package var userName: String
    package var groupName: String
    /// Seconds since 1970; may be negative.
    package var modified: Int64

    /// Creates an owner; by default root, with the time 1970-01-01 00:00:01.
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

/// A time in a tar archive.
package struct TarTime: Hashable, Sendable {
    /// Whole seconds since 1970, rounded down; may be negative.
    package var seconds: Int64
    /// The nanoseconds after `seconds`, 0…999,999,999.
    package var nanoseconds: UInt32

    /// Creates a time.
    package init(seconds: Int64, nanoseconds: UInt32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The seconds as a decimal number without trailing zeros in the fraction.
    var decimal: String {
        guard nanoseconds > 0 else { return "\(seconds)" }
        // The seconds of a time before 1970 are rounded down: -1.5 is half a second after -2.
        let isNegative = seconds < 0
        let whole = isNegative ? (seconds + 1).magnitude : seconds.magnitude
        let fraction = isNegative ? 1_000_000_000 - nanoseconds : nanoseconds
        var digits = String(fraction)
        digits = String(repeating: "0", count: 9 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "\(isNegative ? "-" : "")\(whole).\(digits)"
    }
}
