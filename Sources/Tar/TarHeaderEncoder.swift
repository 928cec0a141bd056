import ByteIO

/// Encodes the header blocks of entries, byte for byte like Python's `tarfile` in PAX format, or in another dialect.
///
/// The owner and time that all entries of a layer share are encoded once and copied.
struct TarHeaderEncoder {
    static let blockSize = 512

    private let template: [UInt8]
    private let shared: TarAttributes
    private let dialect: TarDialect

    init(owner: TarOwner, dialect: TarDialect) {
        self.dialect = dialect
        let shared = TarAttributes(owner)
        self.shared = shared
        var template = [UInt8](repeating: 0, count: Self.blockSize)
        template.withUnsafeMutableBytes { block in
            guard let header = block.baseAddress else { return }
            Self.put(shared, into: header)
            Self.putMagic(into: header)
        }
        self.template = template
    }

    /// Creates the PAX records that an entry needs; usually none.
    func records(for entry: TarEntry) -> PAXRecords {
        var records = PAXRecords()
        if dialect != .gnuNames {
            let path = TarText(entry.path)
            if path.needsRecord(in: .name) { records.add("path", path) }
            let link = TarText(entry.linkTarget)
            if link.needsRecord(in: .linkName) { records.add("linkpath", link) }
        }
        let attributes = entry.attributes ?? shared
        Self.add("uname", attributes.userName, .userName, to: &records)
        Self.add("gname", attributes.groupName, .groupName, to: &records)
        if attributes.uid >= TarField.uid.overflow { records.add("uid", attributes.uid) }
        if attributes.gid >= TarField.gid.overflow { records.add("gid", attributes.gid) }
        if entry.size >= TarField.size.overflow { records.add("size", entry.size) }
        if !Self.fits(attributes.modified) { records.add("mtime", attributes.modified) }
        for xattr in entry.xattrs { records.add(xattr) }
        return records
    }

    /// Lists the names that need a GNU header before the header of the entry; usually none.
    func longNames(of entry: TarEntry) -> [(kind: UInt8, name: UnsafeRawBufferPointer)] {
        guard dialect == .gnuNames else { return [] }
        let names = [
            (TarKind.gnuLongLink, entry.linkTarget, TarField.linkName),
            (TarKind.gnuLongName, entry.path, TarField.name),
        ]
        return names.filter { _, name, field in name.count > field.length }.map { kind, name, _ in (kind, name) }
    }

    /// Encodes the header of an entry to the 512 bytes at `header`.
    func encode(_ entry: TarEntry, to header: UnsafeMutableRawPointer) {
        template.withUnsafeBytes {
            header.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(header), byteCount: $0.count)
        }
        if let attributes = entry.attributes {
            for field in [TarField.userName, .groupName] {
                (header + field.offset).initializeMemory(as: UInt8.self, repeating: 0, count: field.length)
            }
            Self.put(attributes, into: header)
        }
        put(entry.path, .name, into: header)
        put(entry.linkTarget, .linkName, into: header)
        TarField.mode.put(UInt64(entry.mode & 0o7777), into: header)
        TarField.size.put(Self.fitting(entry.size, TarField.size), into: header)
        if dialect == .go || entry.kind == .characterDevice || entry.kind == .blockDevice {
            TarField.deviceMajor.put(UInt64(entry.device.major), into: header)
            TarField.deviceMinor.put(UInt64(entry.device.minor), into: header)
        }
        Self.seal(header, kind: entry.kind.rawValue)
    }

    private func put(_ name: UnsafeRawBufferPointer, _ field: TarField, into header: UnsafeMutableRawPointer) {
        switch dialect {
        case .python, .go: field.put(TarText(name), into: header)
        case .gnuNames: field.put(name, into: header)
        }
    }

    private static func put(_ attributes: TarAttributes, into header: UnsafeMutableRawPointer) {
        TarField.uid.put(fitting(attributes.uid, TarField.uid), into: header)
        TarField.gid.put(fitting(attributes.gid, TarField.gid), into: header)
        TarField.modified.put(fittingTime(attributes.modified), into: header)
        attributes.userName.withUnsafeBytes { TarField.userName.put(TarText($0), into: header) }
        attributes.groupName.withUnsafeBytes { TarField.groupName.put(TarText($0), into: header) }
    }

    /// Encodes the header of a PAX header or a GNU long name with a body of `size` bytes to the 512 bytes at `header`.
    func encodeExtension(_ kind: UInt8, of entry: TarEntry, size: Int, to header: UnsafeMutableRawPointer) {
        header.initializeMemory(as: UInt8.self, repeating: 0, count: Self.blockSize)
        Self.put(extensionName(kind, of: entry), TarField.name, into: header)
        for field in [TarField.mode, .uid, .gid, .modified] { field.put(0, into: header) }
        TarField.size.put(UInt64(size), into: header)
        Self.putMagic(into: header)
        Self.seal(header, kind: kind)
    }

    /// The name of a PAX header or a GNU long name.
    private func extensionName(_ kind: UInt8, of entry: TarEntry) -> String {
        switch (dialect, kind) {
        case (.go, _): "PaxHeaders.0/" + String(decoding: entry.path, as: UTF8.self)
        case (_, TarKind.paxHeader): "././@PaxHeader"
        default: "././@LongLink"
        }
    }

    /// Sets the type and the checksum: the sum of all bytes, with spaces in the place of the checksum.
    private static func seal(_ header: UnsafeMutableRawPointer, kind: UInt8) {
        header.storeBytes(of: kind, toByteOffset: TarField.kind.offset, as: UInt8.self)
        let checksum = TarField.checksum
        (header + checksum.offset).initializeMemory(
            as: UInt8.self, repeating: UInt8(ascii: " "), count: checksum.length)
        var sum: UInt64 = 0
        for byte in UnsafeRawBufferPointer(start: header, count: blockSize) { sum &+= UInt64(byte) }
        // Six digits and a NUL; the eighth byte remains a space.
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

    private static func add(_ key: StaticString, _ text: [UInt8], _ field: TarField, to records: inout PAXRecords) {
        text.withUnsafeBytes { bytes in
            let text = TarText(bytes)
            if text.needsRecord(in: field) { records.add(key, text) }
        }
    }

    /// The value for a field: 0 if the number does not fit, which is then in a PAX record.
    private static func fitting(_ value: UInt64, _ field: TarField) -> UInt64 {
        value < field.overflow ? value : 0
    }

    /// Checks that a time has no fraction and fits in the field.
    private static func fits(_ time: TarTime) -> Bool {
        time.nanoseconds == 0 && time.seconds >= 0 && UInt64(time.seconds) < TarField.modified.overflow
    }

    private static func fittingTime(_ time: TarTime) -> UInt64 {
        time.seconds < 0 ? 0 : fitting(UInt64(time.seconds), .modified)
    }
}

/// The program whose tar format is written, where programs differ.
package enum TarDialect: Sendable {
    /// Python's `tarfile` in PAX format: values that do not fit in headers are in PAX records, which may name their
    /// character set.
    case python
    /// Like `python`, but with long names in GNU headers, for readers that misread PAX names. Names that fit are
    /// written unchanged, with any bytes.
    case gnuNames
    /// Go's `archive/tar`, as skopeo uses it: device numbers are 0 for all other entries, PAX headers have the name of
    /// their entry, and nothing follows the two blocks at the end. For short names in ASCII.
    case go
}
