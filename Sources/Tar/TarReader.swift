package import ByteIO
package import Errors

/// Reads a tar archive in one pass, in ustar, PAX, GNU or pre-POSIX format, and validates it.
///
/// An invalid archive throws `ToolError` with code `data`, which names the archive, the number and name of the entry,
/// and the reason. Errors of the source are thrown unchanged.
package final class TarReader {
    private let source: any ByteSource
    private let archive: String
    private let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 16)
    private var global = PAXHeader()
    private var current: TarMember?
    private var number = 0
    /// The number of unread stored bytes of the body of the current entry.
    private var bodyRest: UInt64 = 0
    /// The position in the body of the current entry if it is a sparse file.
    private var sparse: SparseCursor?
    /// The number of bytes of padding after the body of the current entry.
    private var padding: UInt64 = 0
    private var isAtEnd = false
    private var position: UInt64 = 0

    /// Whether the archive ends with two blocks of zeros, as it should. An archive that ends after an entry is also
    /// accepted. False until `next` has returned nil.
    package private(set) var hasEndBlocks = false

    /// Creates a reader.
    ///
    /// - Parameters:
    ///   - source: the uncompressed tar archive.
    ///   - archive: the name of the archive in errors: `the archive 'base.tar.gz'`.
    package init(_ source: any ByteSource, archive: String) {
        self.source = source
        self.archive = archive
    }

    deinit { block.deallocate() }

    /// Reads the header of the next entry, after skipping the unread part of the last body.
    ///
    /// - Returns: the entry; nil at the end of the archive.
    package func next() throws -> TarMember? {
        guard !isAtEnd else { return nil }
        try skipBody()
        current = nil
        number += 1
        var extensions = TarExtensions()
        while try readBlock(mayEnd: extensions.isEmpty) {
            let block = UnsafeRawBufferPointer(block)
            if TarHeaderDecoder.isZero(block) {
                guard extensions.isEmpty else { throw failure("the archive ends after the headers that extend it") }
                try readSecondEndBlock()
                return nil
            }
            let header = try checked { () throws(TarFormatError) in try TarHeaderDecoder(block) }
            if try takeExtension(header, &extensions) { continue }
            current = try checked { () throws(TarFormatError) in
                try extensions.member(header, global: global, number: number, bodyOffset: position)
            }
            if let current { beginBody(current.size) }
            try readSparseMap(header.typeFlag, extensions)
            return current
        }
        isAtEnd = true
        return nil
    }

    /// Fills the start of `buffer` with the next bytes of the body of the current entry. A sparse file is read with its
    /// zeros.
    ///
    /// - Returns: the number of bytes; 0 only at the end of the body.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let part = sparse?.part(limit: buffer.count) else { return try readStored(into: buffer) }
        let read: Int
        switch part {
        case .zeros(let count):
            UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]).initializeMemory(as: UInt8.self, repeating: 0)
            read = count
        case .stored(let count, _):
            read = try readStored(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        }
        sparse?.advance(read)
        return read
    }

    private func readStored(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = Int(min(UInt64(buffer.count), bodyRest))
        guard count > 0 else { return 0 }
        let read = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        guard read > 0 else { throw truncated }
        position += UInt64(read)
        bodyRest -= UInt64(read)
        return read
    }

    /// Reads the unread part of the body of the current entry into memory.
    ///
    /// - Throws: `ToolError` with code `data` if the part has more than `limit` bytes.
    package func body(limit: Int) throws -> [UInt8] {
        let rest = sparse?.rest ?? bodyRest
        guard rest <= UInt64(limit) else {
            throw failure("it has \(rest) bytes, more than the limit of \(limit)")
        }
        return try [UInt8](unsafeUninitializedCapacity: Int(rest)) { buffer, count in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            while count < bytes.count {
                count += try read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[count...]))
            }
        }
    }

    /// Skips the unread part of the body of the current entry, and its padding.
    ///
    /// The archive may end right after the body, without the padding: `umoci insert` (umoci 0.4) makes such layers, and
    /// Go's reader accepts them.
    package func skipBody() throws {
        let rest = bodyRest + padding
        guard rest > 0 else { return }
        let skipped = try source.skip(rest)
        position += skipped
        guard skipped == rest || skipped == bodyRest else { throw truncated }
        (bodyRest, padding, sparse) = (0, 0, nil)
    }

    /// Reads all bytes after the end of the archive, so that the source reaches its end and verifies its checksums.
    ///
    /// - Parameter limit: the maximum number of bytes, for a source that may be endless.
    /// - Returns: the number of bytes up to the last byte that is not zero; 0 if there is only padding.
    /// - Throws: `ToolError` with code `data` if there are more bytes than the limit.
    package func finish(limit: UInt64 = TarLimits.trailer) throws -> UInt64 {
        while try next() != nil {}
        var (read, junk): (UInt64, UInt64) = (0, 0)
        while true {
            let count = try source.read(into: block)
            guard count > 0 else { return junk }
            let part = UnsafeRawBufferPointer(rebasing: block[..<count])
            if !TarHeaderDecoder.isZero(part), let last = part.lastIndex(where: { $0 != 0 }) {
                junk = read + UInt64(last) + 1
            }
            read += UInt64(count)
            guard read <= limit else {
                throw ToolError(
                    .data, "cannot read \(archive)", cause: "more than the limit of \(limit) bytes follow its end",
                    remedy: "check that this is the archive you meant")
            }
        }
    }

    /// Creates an error with code `data` about the current entry.
    package func failure(
        _ cause: String, remedy: Remedy = "download or copy the archive again, or create it with another program"
    ) -> ToolError {
        let name = current.map { " '\(TerminalText.printable($0.path))'" } ?? ""
        return ToolError(
            .data, "cannot read \(archive), entry \(number)\(name)", cause: cause, remedy: remedy)
    }

    /// Reads a header that extends the following entries.
    ///
    /// - Returns: false if the header is the header of an entry.
    private func takeExtension(_ header: TarHeaderDecoder, _ extensions: inout TarExtensions) throws -> Bool {
        let limit: UInt64
        switch header.typeFlag {
        case TarKind.paxHeader, TarKind.paxGlobalHeader: limit = TarLimits.paxHeader
        case TarKind.gnuLongName, TarKind.gnuLongLink: limit = TarLimits.longName
        default: return false
        }
        guard header.size <= limit else {
            throw failure("a header that extends it has \(header.size) bytes, more than the limit of \(limit)")
        }
        beginBody(header.size)
        let bytes = try body(limit: Int(limit))
        try skipBody()
        try checked { () throws(TarFormatError) in
            if header.typeFlag == TarKind.paxGlobalHeader {
                global = try extensions.global(bytes).over(global)
            } else {
                try extensions.take(header.typeFlag, bytes)
            }
        }
        return true
    }

    private func beginBody(_ size: UInt64) {
        bodyRest = size
        padding = (512 - size % 512) % 512
        sparse = nil
    }

    /// Reads one block.
    ///
    /// - Returns: false if the source ends before the block and `mayEnd` is true.
    private func readBlock(mayEnd: Bool) throws -> Bool {
        let count = try source.fill(block)
        position += UInt64(count)
        if count == 0, mayEnd { return false }
        guard count == block.count else { throw failure("the archive ends within its header") }
        return true
    }

    private func readSecondEndBlock() throws {
        isAtEnd = true
        guard try readBlock(mayEnd: true) else { return }
        guard TarHeaderDecoder.isZero(UnsafeRawBufferPointer(block)) else {
            throw failure("a block of zeros is in its place, and more data follows")
        }
        hasEndBlocks = true
    }

    private func checked<Value>(_ work: () throws(TarFormatError) -> Value) throws -> Value {
        do {
            return try work()
        } catch {
            throw failure(error.cause)
        }
    }

    private var truncated: ToolError {
        failure("the archive ends within its body")
    }
}

/// The maps of sparse files.
extension TarReader {
    /// Reads the map of the current entry if it is a sparse file.
    private func readSparseMap(_ typeFlag: UInt8, _ extensions: TarExtensions) throws {
        guard var member = current else { return }
        let stored = bodyRest
        let map: SparseMap
        if typeFlag == TarKind.gnuSparseFile {
            guard extensions.sparse == nil else { throw failure("it has two sparse maps") }
            map = try readOldSparseMap(storedSize: stored)
        } else if let records = extensions.sparse {
            let isInBody = try checked { () throws(TarFormatError) in try records.hasMapInBody }
            let numbers = isInBody ? try readMapInBody() : nil
            map = try checked { () throws(TarFormatError) in
                guard let numbers else { return try records.map(storedSize: stored) }
                return try SparseMap(numbers, size: try records.fileSize, storedSize: bodyRest)
            }
        } else {
            return
        }
        (member.size, member.sparse, member.bodyOffset) = (map.size, map, position)
        current = member
        sparse = SparseCursor(map)
    }

    /// Reads the map in the header of the current entry, and in the blocks that continue it.
    private func readOldSparseMap(storedSize: UInt64) throws -> SparseMap {
        let bytes = UnsafeRawBufferPointer(block)
        var header = try checked { () throws(TarFormatError) in try OldSparseHeader(bytes) }
        var size = 0
        while header.continues {
            size += bytes.count
            guard size <= TarLimits.sparseMap else { throw sparseMapTooLarge }
            _ = try readBlock(mayEnd: false)
            try checked { () throws(TarFormatError) in try header.take(bytes) }
        }
        return try checked { () throws(TarFormatError) in
            try SparseMap(header.numbers, size: header.fileSize, storedSize: storedSize)
        }
    }

    /// Reads the map at the start of the body: lines with the number of parts, and with the offset and the size of each.
    private func readMapInBody() throws -> [UInt64] {
        var numbers: [UInt64] = []
        var line: [UInt8] = []
        var (size, count): (Int, UInt64) = (0, 0)
        while numbers.isEmpty || UInt64(numbers.count) < 1 + 2 * count {
            size += block.count
            guard size <= TarLimits.sparseMap else { throw sparseMapTooLarge }
            guard bodyRest >= UInt64(block.count) else { throw failure("its sparse map is longer than its body") }
            guard try source.fill(block) == block.count else { throw truncated }
            bodyRest -= UInt64(block.count)
            position += UInt64(block.count)
            for byte in block where numbers.isEmpty || UInt64(numbers.count) < 1 + 2 * count {
                guard byte == UInt8(ascii: "\n") else {
                    line.append(byte)
                    continue
                }
                guard let number = PAXHeader.number(line[...]), number <= UInt64(Int64.max) else {
                    throw failure("its sparse map has a line that is not a number")
                }
                if numbers.isEmpty { count = min(number, UInt64(TarLimits.sparseMap)) }
                numbers.append(number)
                line = []
            }
        }
        return Array(numbers.dropFirst())
    }

    private var sparseMapTooLarge: ToolError {
        failure("its sparse map has more bytes than the limit of \(TarLimits.sparseMap)")
    }
}

/// An entry of a tar archive that was read. Names are unchanged: neither normalized nor validated.
package struct TarMember: Equatable, Sendable {
    /// The position in the archive, from 1, without the headers that extend entries.
    package var number: Int
    /// The offset of the body in bytes from the start of the archive; of a sparse file that of its stored parts.
    package var bodyOffset: UInt64
    /// The name, in the bytes of the archive.
    package var path: [UInt8]
    /// The type of the entry.
    package var kind: TarKind
    /// The size of the body in bytes; 0 unless the entry is a file.
    package var size: UInt64
    /// Permission bits with setuid, setgid and sticky: 07777.
    package var mode: UInt16
    package var uid: UInt64
    package var gid: UInt64
    package var userName: [UInt8]
    package var groupName: [UInt8]
    package var modified: TarTime
    /// The target of a link; empty for other entries.
    package var linkTarget: [UInt8]
    /// The major number of a device; 0 for other entries.
    package var deviceMajor: UInt32
    /// The minor number of a device; 0 for other entries.
    package var deviceMinor: UInt32
    /// The extended attributes, in the order of the archive.
    package var xattrs: [TarXattr]
    /// The stored parts of a sparse file; nil for other entries.
    package var sparse: SparseMap?
}

/// The limits on the metadata of a tar archive. The bodies of entries have no limit here, because they are not held in
/// memory.
package enum TarLimits {
    /// The maximum size of a PAX extended header in bytes: 1 MiB, as in Go's `archive/tar`. The largest records in
    /// practice are a few extended attributes, which have at most 64 KiB each on Linux.
    package static let paxHeader: UInt64 = 1 << 20
    /// The maximum size of a GNU long name or link in bytes: 64 KiB, sixteen times the maximum path on Linux (PATH_MAX,
    /// 4096).
    package static let longName: UInt64 = 64 << 10
    /// The maximum size of a sparse map in bytes: 1 MiB, as in Go's `archive/tar` since CVE-2025-58183.
    package static let sparseMap = 1 << 20
    /// The maximum number of bytes after the end of an archive: 16 MiB. The padding of a record has a few KiB, and some
    /// MiB on tapes; the limit ends the reading of an endless source of zeros.
    package static let trailer: UInt64 = 16 << 20
}
