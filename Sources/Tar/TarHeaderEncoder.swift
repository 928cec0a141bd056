/// Makes the header blocks of entries, byte for byte as Python's `tarfile` in PAX format does.
///
/// What all entries of a layer share, owner and time, is laid out once and copied.
struct TarHeaderEncoder {
    static let blockSize = 512

    private let template: [UInt8]
    private let owner: TarOwner

    init(owner: TarOwner) {
        self.owner = owner
        var template = [UInt8](repeating: 0, count: Self.blockSize)
        template.withUnsafeMutableBytes { block in
            guard let header = block.baseAddress else { return }
            TarField.uid.put(Self.fitting(owner.uid, TarField.uid), into: header)
            TarField.gid.put(Self.fitting(owner.gid, TarField.gid), into: header)
            TarField.modified.put(Self.fittingTime(owner.modified), into: header)
            Self.putMagic(into: header)
            Self.put(owner.userName, TarField.userName, into: header)
            Self.put(owner.groupName, TarField.groupName, into: header)
        }
        self.template = template
    }

    /// The records that the entry needs before its header; mostly none.
    func records(for entry: TarEntry) -> PAXRecords {
        var records = PAXRecords()
        let path = TarText(entry.path)
        if path.needsRecord(in: .name) { records.add("path", path) }
        let link = TarText(entry.linkTarget)
        if link.needsRecord(in: .linkName) { records.add("linkpath", link) }
        Self.add("uname", owner.userName, .userName, to: &records)
        Self.add("gname", owner.groupName, .groupName, to: &records)
        if owner.uid >= TarField.uid.overflow { records.add("uid", owner.uid) }
        if owner.gid >= TarField.gid.overflow { records.add("gid", owner.gid) }
        if entry.size >= TarField.size.overflow { records.add("size", entry.size) }
        if owner.modified < 0 || UInt64(owner.modified) >= TarField.modified.overflow {
            records.add("mtime", owner.modified)
        }
        return records
    }

    /// Writes the entry's own header to the 512 bytes at `header`.
    func encode(_ entry: TarEntry, to header: UnsafeMutableRawPointer) {
        template.withUnsafeBytes {
            header.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(header), byteCount: $0.count)
        }
        TarField.name.put(TarText(entry.path), into: header)
        TarField.linkName.put(TarText(entry.linkTarget), into: header)
        TarField.mode.put(UInt64(entry.mode & 0o7777), into: header)
        TarField.size.put(Self.fitting(entry.size, TarField.size), into: header)
        if entry.kind == .characterDevice || entry.kind == .blockDevice {
            TarField.deviceMajor.put(UInt64(entry.device.major), into: header)
            TarField.deviceMinor.put(UInt64(entry.device.minor), into: header)
        }
        Self.seal(header, kind: entry.kind.rawValue)
    }

    /// Writes the header of an extended header with `size` bytes of records to the 512 bytes at `header`.
    static func encodeRecordsHeader(size: Int, to header: UnsafeMutableRawPointer) {
        header.initializeMemory(as: UInt8.self, repeating: 0, count: blockSize)
        put("././@PaxHeader", TarField.name, into: header)
        for field in [TarField.mode, .uid, .gid, .modified] { field.put(0, into: header) }
        TarField.size.put(UInt64(size), into: header)
        putMagic(into: header)
        seal(header, kind: TarKind.paxHeader)
    }

    /// Sets the type and the checksum, the sum of all bytes with blanks in the checksum's place.
    private static func seal(_ header: UnsafeMutableRawPointer, kind: UInt8) {
        header.storeBytes(of: kind, toByteOffset: TarField.kind.offset, as: UInt8.self)
        let checksum = TarField.checksum
        (header + checksum.offset).initializeMemory(
            as: UInt8.self, repeating: UInt8(ascii: " "), count: checksum.length)
        var sum: UInt64 = 0
        for byte in UnsafeRawBufferPointer(start: header, count: blockSize) { sum &+= UInt64(byte) }
        // Six digits and a NUL; the eighth byte stays a blank.
        TarField(offset: checksum.offset, length: 7).put(sum, into: header)
        header.storeBytes(of: 0, toByteOffset: checksum.offset + 6, as: UInt8.self)
    }

    private static func putMagic(into header: UnsafeMutableRawPointer) {
        put("ustar\u{0}00", TarField.magic, into: header)
    }

    private static func put(_ text: String, _ field: TarField, into header: UnsafeMutableRawPointer) {
        var text = text
        text.withUTF8 { field.put(TarText(UnsafeRawBufferPointer($0)), into: header) }
    }

    private static func add(_ key: StaticString, _ text: String, _ field: TarField, to records: inout PAXRecords) {
        var text = text
        text.withUTF8 { bytes in
            let text = TarText(UnsafeRawBufferPointer(bytes))
            if text.needsRecord(in: field) { records.add(key, text) }
        }
    }

    /// A number that the field cannot hold stands in a record, and 0 in the field.
    private static func fitting(_ value: UInt64, _ field: TarField) -> UInt64 {
        value < field.overflow ? value : 0
    }

    private static func fittingTime(_ seconds: Int64) -> UInt64 {
        seconds < 0 ? 0 : fitting(UInt64(seconds), .modified)
    }
}
