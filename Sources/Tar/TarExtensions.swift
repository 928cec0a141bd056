import ByteIO

/// The headers that stand before an entry's own and extend it: one of PAX, one GNU name, one GNU link name at most.
struct TarExtensions {
    private var pax: PAXHeader?
    private var longName: [UInt8]?
    private var longLink: [UInt8]?

    var isEmpty: Bool { pax == nil && longName == nil && longLink == nil }

    mutating func take(_ typeFlag: UInt8, _ bytes: [UInt8]) throws(TarFormatError) {
        switch typeFlag {
        case TarKind.paxHeader:
            guard pax == nil else { throw TarFormatError("it has two PAX headers") }
            pax = try PAXHeader(parsing: bytes)
        case TarKind.gnuLongName:
            guard longName == nil else { throw TarFormatError("it has two GNU long names") }
            longName = try Self.name(bytes)
        default:
            guard longLink == nil else { throw TarFormatError("it has two GNU long link names") }
            longLink = try Self.name(bytes)
        }
    }

    /// A header for all entries that follow. It can set no name and no size, which no two entries share.
    func global(_ bytes: [UInt8]) throws(TarFormatError) -> PAXHeader {
        guard isEmpty else { throw TarFormatError("a global header stands between it and the headers that extend it") }
        let global = try PAXHeader(parsing: bytes)
        guard global.path == nil, global.linkTarget == nil, global.size == nil, global.xattrs.isEmpty else {
            throw TarFormatError("a global header before it sets a name, a size or an attribute for all entries")
        }
        return global
    }

    /// The entry that a header describes together with these.
    func member(
        _ header: TarHeaderDecoder, global: PAXHeader, number: Int, bodyOffset: UInt64
    ) throws(TarFormatError) -> TarMember {
        let records = (pax ?? PAXHeader()).over(global)
        guard records.path == nil || longName == nil, records.linkTarget == nil || longLink == nil else {
            throw TarFormatError("it has a PAX name and a GNU long name")
        }
        let path = records.path ?? longName ?? header.path
        let kind = try Self.kind(header.typeFlag, path)
        let isLink = kind == .symbolicLink || kind == .hardLink
        let size = try Self.size(records.size, header.size)
        // Readers differ on whether a body follows.
        guard kind == .file || size == 0 else { throw TarFormatError("it is no file and has a size of \(size) bytes") }
        return TarMember(
            number: number, bodyOffset: bodyOffset, path: path, kind: kind, size: size, mode: header.mode,
            uid: records.uid ?? header.uid, gid: records.gid ?? header.gid,
            userName: records.userName ?? header.userName, groupName: records.groupName ?? header.groupName,
            modified: records.modified ?? TarTime(seconds: header.modified),
            linkTarget: isLink ? records.linkTarget ?? longLink ?? header.linkTarget : [],
            deviceMajor: header.deviceMajor, deviceMinor: header.deviceMinor, xattrs: records.xattrs)
    }

    /// The size of the body. One that PAX gives stands only in for what the header cannot hold: where the two differ
    /// else, one reader sees entries in what is a body to another (CVE-2025-62518).
    private static func size(_ told: UInt64?, _ inHeader: UInt64) throws(TarFormatError) -> UInt64 {
        guard let told else { return inHeader }
        guard told == inHeader || told >= TarField.size.overflow else {
            throw TarFormatError("its size is \(told) bytes by its PAX header and \(inHeader) by its own")
        }
        return told
    }

    private static func kind(_ typeFlag: UInt8, _ path: [UInt8]) throws(TarFormatError) -> TarKind {
        if let kind = TarKind(rawValue: typeFlag) { return kind }
        switch typeFlag {
        // Before POSIX a file had no type, and a directory only the slash at the end of its name.
        case 0: return path.last == UInt8(ascii: "/") ? .directory : .file
        // A file in one piece on the disk.
        case UInt8(ascii: "7"): return .file
        case UInt8(ascii: "S"): throw TarFormatError("it is a sparse file, which is not read")
        default: throw TarFormatError("its type, '\(TerminalText.printable([typeFlag]))', is none that is known")
        }
    }

    /// The name in the body of a GNU header: it ends at its first NUL, behind which nothing else may stand.
    private static func name(_ bytes: [UInt8]) throws(TarFormatError) -> [UInt8] {
        let name = bytes.prefix { $0 != 0 }
        guard bytes[name.endIndex...].allSatisfy({ $0 == 0 }) else {
            throw TarFormatError("its GNU long name holds a NUL")
        }
        guard !name.isEmpty else { throw TarFormatError("its GNU long name is empty") }
        return Array(name)
    }
}
