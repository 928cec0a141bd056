/// Decodes the 512 bytes of one header, and validates each field.
struct TarHeaderDecoder {
    let typeFlag: UInt8
    /// The name, with the prefix of the ustar format if present.
    let path: [UInt8]
    let linkTarget: [UInt8]
    let size: UInt64
    let mode: UInt16
    let uid: UInt64
    let gid: UInt64
    let modified: Int64
    let userName: [UInt8]
    let groupName: [UInt8]
    let deviceMajor: UInt32
    let deviceMinor: UInt32

    /// The format of a header, detected by its magic.
    private enum Form {
        /// The format before POSIX, without owner names and prefix.
        case old
        case posix
        /// The GNU format, which has times in the place of the prefix.
        case gnu

        init(_ header: UnsafeRawBufferPointer) throws(TarFormatError) {
            let magic = Array(header[TarField.magic.offset..<TarField.magic.offset + TarField.magic.length])
            if magic.starts(with: "ustar\0".utf8) {
                self = .posix
            } else if magic.elementsEqual("ustar  \0".utf8) {
                self = .gnu
            } else if magic.allSatisfy({ $0 == 0 }) {
                self = .old
            } else {
                throw TarFormatError("its magic is not that of a tar archive")
            }
        }
    }

    init(_ header: UnsafeRawBufferPointer) throws(TarFormatError) {
        try Self.check(header)
        let form = try Form(header)
        typeFlag = header[TarField.kind.offset]
        let name = TarField.name.text(in: header)
        let prefix: [UInt8] =
            switch form {
            case .posix: TarField.prefix.text(in: header)
            case .gnu: Self.oldGoPrefix(header)
            case .old: []
            }
        path = prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name
        linkTarget = TarField.linkName.text(in: header)
        size = try TarField.size.number(in: header, "size")
        // Some writers store the file type above the permission bits.
        mode = UInt16(try TarField.mode.number(in: header, "mode") & 0o7777)
        uid = try TarField.uid.number(in: header, "uid")
        gid = try TarField.gid.number(in: header, "gid")
        modified = try TarField.modified.signed(in: header, "mtime")
        userName = form == .old ? [] : TarField.userName.text(in: header)
        groupName = form == .old ? [] : TarField.groupName.text(in: header)
        let isDevice = typeFlag == TarKind.characterDevice.rawValue || typeFlag == TarKind.blockDevice.rawValue
        deviceMajor = isDevice ? try Self.device(.deviceMajor, header, "device's major number") : 0
        deviceMinor = isDevice ? try Self.device(.deviceMinor, header, "device's minor number") : 0
    }

    /// The directory in the header of a long name as Go before 1.8, and so Docker until 2017, wrote it: a GNU header
    /// with the prefix of a ustar header, which is in the place of two times that are hardly ever set.
    ///
    /// As in Go's reader, the place has a prefix if it is ASCII and cannot be two times.
    ///
    /// Source: Go's archive/tar, `readHeader`; https://go.dev/issue/12594 and https://go.dev/issue/21005.
    private static func oldGoPrefix(_ header: UnsafeRawBufferPointer) -> [UInt8] {
        guard ![TarField.accessed, .changed].allSatisfy({ $0.isNumber(in: header) }) else { return [] }
        let prefix = TarField.prefix.text(in: header)
        return prefix.allSatisfy { $0 < 0x80 } ? prefix : []
    }

    /// Checks for a block of zeros, two of which end a tar archive.
    static func isZero(_ block: UnsafeRawBufferPointer) -> Bool {
        var bits: UInt64 = 0
        for offset in stride(from: 0, to: block.count - 7, by: 8) {
            bits |= block.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        }
        return bits == 0 && block.suffix(block.count % 8).allSatisfy { $0 == 0 }
    }

    /// Verifies the checksum: the sum of all bytes, with spaces in the place of the checksum.
    private static func check(_ header: UnsafeRawBufferPointer) throws(TarFormatError) {
        let field = TarField.checksum
        let expected = try field.number(in: header, "checksum")
        var sum = UInt64(field.length) * UInt64(UInt8(ascii: " "))
        for byte in header { sum += UInt64(byte) }
        for byte in header[field.offset..<field.offset + field.length] { sum -= UInt64(byte) }
        guard sum == expected else {
            throw TarFormatError("the checksum of its header is \(expected), but its bytes sum up to \(sum)")
        }
    }

    private static func device(
        _ field: TarField, _ header: UnsafeRawBufferPointer, _ label: String
    ) throws(TarFormatError) -> UInt32 {
        guard let number = UInt32(exactly: try field.number(in: header, label)) else {
            throw TarFormatError("its \(label) does not fit in 32 bits")
        }
        return number
    }
}

/// The reason why bytes are not a valid tar archive. The reader adds the archive and the entry in a `ToolError`.
struct TarFormatError: Error {
    let cause: String

    init(_ cause: String) {
        self.cause = cause
    }
}
