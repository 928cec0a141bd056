/// What an entry is, by its type flag in the header (POSIX.1-1988 ustar).
public enum TarKind: UInt8, Sendable {
    case file = 0x30
    case hardLink = 0x31
    case symbolicLink = 0x32
    case characterDevice = 0x33
    case blockDevice = 0x34
    case folder = 0x35
    case fifo = 0x36

    /// The type flag of a PAX extended header for the entry that follows it.
    static let paxHeader: UInt8 = 0x78
    /// The type flag of a PAX extended header for all entries that follow it.
    static let paxGlobalHeader: UInt8 = 0x67
    /// GNU tar's types for a link name and a name that are too long for the header.
    static let gnuLongLink: UInt8 = 0x4B
    static let gnuLongName: UInt8 = 0x4C
}
