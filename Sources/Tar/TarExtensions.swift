import ByteIO

/// The headers that come before the header of an entry and extend it: at most one PAX header, one GNU long name and one
/// GNU long link name.
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

    /// Parses a PAX header for all following entries. It cannot set a name, a size or an attribute, which belong to one
    /// entry.
    func global(_ bytes: [UInt8]) throws(TarFormatError) -> PAXHeader {
        guard isEmpty else { throw TarFormatError("a global header is between it and the headers that extend it") }
        let global = try PAXHeader(parsing: bytes)
        guard global.path == nil, global.linkTarget == nil, global.size == nil, global.xattrs.isEmpty,
            global.sparse == nil
        else {
            throw TarFormatError("a global header before it sets a name, a size or an attribute for all entries")
        }
        return global
    }

    /// The description of a sparse file in the PAX header; nil for other entries.
    var sparse: SparseRecords? { pax?.sparse }

    /// Creates the entry from its header and these extensions. The size is that of the stored body: the reader knows
    /// the size of a sparse file when it has read the map.
    func member(
        _ header: TarHeaderDecoder, global: PAXHeader, number: Int, bodyOffset: UInt64
    ) throws(TarFormatError) -> TarMember {
        let records = (pax ?? PAXHeader()).over(global)
        guard records.path == nil || longName == nil, records.linkTarget == nil || longLink == nil else {
            throw TarFormatError("it has a PAX name and a GNU long name")
        }
        let path = sparse?.name ?? records.path ?? longName ?? header.path
        let kind = try Self.kind(header.typeFlag, path)
        let isLink = kind == .symbolicLink || kind == .hardLink
        let size = try Self.size(records.size, header.size)
        // Readers differ on whether a body follows.
        guard kind == .file || size == 0 && sparse == nil else {
            throw TarFormatError(
                size == 0
                    ? "it is not a file but has a sparse map" : "it is not a file but has a size of \(size) bytes")
        }
        return TarMember(
            number: number, bodyOffset: bodyOffset, path: path, kind: kind, size: size, mode: header.mode,
            uid: records.uid ?? header.uid, gid: records.gid ?? header.gid,
            userName: records.userName ?? header.userName, groupName: records.groupName ?? header.groupName,
            modified: records.modified ?? TarTime(seconds: header.modified),
            linkTarget: isLink ? records.linkTarget ?? longLink ?? header.linkTarget : [],
            deviceMajor: header.deviceMajor, deviceMinor: header.deviceMinor, xattrs: records.xattrs)
    }

    /// Selects the size of the body. A size in the PAX header may differ only if it does not fit in the entry's own
    /// header: otherwise one reader would see entries in the bytes that are a body to another reader (CVE-2025-62518).
    private static func size(_ inPAX: UInt64?, _ inHeader: UInt64) throws(TarFormatError) -> UInt64 {
        guard let inPAX else { return inHeader }
        guard inPAX == inHeader || inPAX >= TarField.size.overflow else {
            throw TarFormatError("its size is \(inPAX) bytes in its PAX header and \(inHeader) bytes in its own header")
        }
        return inPAX
    }

    private static func kind(_ typeFlag: UInt8, _ path: [UInt8]) throws(TarFormatError) -> TarKind {
        if let kind = TarKind(rawValue: typeFlag) { return kind }
        switch typeFlag {
        // Before POSIX, a file had no type, and a directory only a slash at the end of its name.
        case 0: return path.last == UInt8(ascii: "/") ? .directory : .file
        // A file in contiguous blocks on the disk.
        case UInt8(ascii: "7"), TarKind.gnuSparseFile: return .file
        default: throw TarFormatError("its type, '\(TerminalText.printable([typeFlag]))', is unknown")
        }
    }

    /// Parses the name in the body of a GNU header. It ends at the first NUL, which only NULs may follow.
    private static func name(_ bytes: [UInt8]) throws(TarFormatError) -> [UInt8] {
        let name = bytes.prefix { $0 != 0 }
        guard bytes[name.endIndex...].allSatisfy({ $0 == 0 }) else {
            throw TarFormatError("its GNU long name contains a NUL")
        }
        guard !name.isEmpty else { throw TarFormatError("its GNU long name is empty") }
        return Array(name)
    }
}
