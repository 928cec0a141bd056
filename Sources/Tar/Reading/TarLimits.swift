/// How much a tar's own bookkeeping may claim before it is refused. The bodies of entries have no limit here: they are
/// never held in memory, and whoever reads one knows how much to expect.
public enum TarLimits {
    /// Bytes of a PAX extended header: 1 MiB, as Go's `archive/tar` has it. Extended attributes are the largest honest
    /// records, at most 64 KiB each on Linux, and few.
    public static let paxHeader: UInt64 = 1 << 20
    /// Bytes of a GNU long name or link: 64 KiB, sixteen times what Linux takes as a path (PATH_MAX, 4096).
    public static let longName: UInt64 = 64 << 10
    /// Bytes behind the end of a tar that are read through: 16 MiB. Padding to a whole record comes to a few KiB, on
    /// tapes to some MiB; an endless source of zeros must not be read for ever.
    public static let trailer: UInt64 = 16 << 20
}
