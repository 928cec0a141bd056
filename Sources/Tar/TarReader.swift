package import ByteIO
package import Errors

/// Reads a tar from a source in one pass, in ustar, PAX, GNU or pre-POSIX form, and believes none of it.
///
/// All errors are `ToolError` with code `data` and name the archive, the entry's number and name, and the reason; errors
/// of the source come through as they are.
package final class TarReader {
    private let source: any ByteSource
    private let archive: String
    private let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 16)
    private var global = PAXHeader()
    private var current: TarMember?
    private var number = 0
    /// Bytes of the current entry's body that were not read yet, and of the padding behind it.
    private var bodyRest: UInt64 = 0
    private var padding: UInt64 = 0
    private var isAtEnd = false
    private var position: UInt64 = 0

    /// Whether the end was marked by two blocks of zeros, as it should be. A tar that just ends where an entry ends is
    /// read all the same. False until `next` has returned nil.
    package private(set) var hasEndBlocks = false

    /// - Parameters:
    ///   - source: the plain tar.
    ///   - archive: what is read, for errors: `the archive 'base.tar.gz'`.
    package init(_ source: any ByteSource, archive: String) {
        self.source = source
        self.archive = archive
    }

    deinit { block.deallocate() }

    /// The next entry, nil at the end; what was not read of the last one's body is skipped.
    package func next() throws -> TarMember? {
        guard !isAtEnd else { return nil }
        try skipBody()
        current = nil
        number += 1
        var extensions = TarExtensions()
        while try readBlock(mayEnd: extensions.isEmpty) {
            let block = UnsafeRawBufferPointer(block)
            if TarHeaderDecoder.isZero(block) {
                guard extensions.isEmpty else { throw failure("the archive ends behind the headers that extend it") }
                try readSecondEndBlock()
                return nil
            }
            let header = try checked { () throws(TarFormatError) in try TarHeaderDecoder(block) }
            if try takeExtension(header, &extensions) { continue }
            let member = try checked { () throws(TarFormatError) in
                try extensions.member(header, global: global, number: number, bodyOffset: position)
            }
            current = member
            bodyRest = member.size
            padding = (512 - member.size % 512) % 512
            return member
        }
        isAtEnd = true
        return nil
    }

    /// Fills the start of `buffer` with what comes next of the current entry's body.
    ///
    /// - Returns: how many bytes came; 0 only where the body ends.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = Int(min(UInt64(buffer.count), bodyRest))
        guard count > 0 else { return 0 }
        let read = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        guard read > 0 else { throw truncated }
        position += UInt64(read)
        bodyRest -= UInt64(read)
        return read
    }

    /// What was not read yet of the current entry's body, which is held in memory and so must not exceed `limit` bytes.
    package func body(limit: Int) throws -> [UInt8] {
        guard bodyRest <= UInt64(limit) else {
            throw failure("it has \(bodyRest) bytes, more than the limit of \(limit)")
        }
        return try [UInt8](unsafeUninitializedCapacity: Int(bodyRest)) { buffer, count in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            while bodyRest > 0 { count += try read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[count...])) }
        }
    }

    /// Passes over what was not read of the current entry's body, and the padding behind it.
    package func skipBody() throws {
        let rest = bodyRest + padding
        guard rest > 0 else { return }
        let skipped = try source.skip(rest)
        position += skipped
        guard skipped == rest else { throw truncated }
        (bodyRest, padding) = (0, 0)
    }

    /// Reads what lies behind the end, so that the source comes to its own end and can check what it has to check.
    ///
    /// - Returns: how many bytes there are up to the last one that is not zero: 0 where there is but padding.
    /// - Throws: `ToolError` with code `data` if there is more than `TarLimits.trailer`.
    package func finish() throws -> UInt64 {
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
            guard read <= TarLimits.trailer else {
                throw ToolError(
                    .data, "cannot read \(archive)",
                    cause: "more than the limit of \(TarLimits.trailer) bytes lies behind its end",
                    remedy: "check that this is the archive you meant")
            }
        }
    }

    /// An error about the current entry.
    package func failure(_ cause: String) -> ToolError {
        let name = current.map { " '\(TerminalText.printable($0.path))'" } ?? ""
        return ToolError(
            .data, "cannot read \(archive), entry \(number)\(name)", cause: cause,
            remedy: "get the archive anew, or make it with another program")
    }

    /// Takes a header that only says something about the entries behind it; false if it is an entry's own.
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
        bodyRest = header.size
        padding = (512 - header.size % 512) % 512
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

    /// Reads one block; false where the source ends before it and may.
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
            throw failure("a block of zeros stands in its place, and more behind that")
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

/// An entry of a tar that was read. Names are bytes as they stand in the archive: not normalised, not judged.
package struct TarMember: Equatable, Sendable {
    /// Its place in the archive, counted from 1; the headers that only extend it do not count.
    package var number: Int
    /// Where its body begins, in bytes from the archive's start.
    package var bodyOffset: UInt64
    package var path: [UInt8]
    package var kind: TarKind
    /// Bytes of the body; 0 for all but files.
    package var size: UInt64
    /// Permission bits with setuid, setgid and sticky: 07777.
    package var mode: UInt16
    package var uid: UInt64
    package var gid: UInt64
    package var userName: [UInt8]
    package var groupName: [UInt8]
    package var modified: TarTime
    /// What a link points to; empty for all but links.
    package var linkTarget: [UInt8]
    /// Major number of a device; 0 for all but devices.
    package var deviceMajor: UInt32
    /// Minor number of a device; 0 for all but devices.
    package var deviceMinor: UInt32
    /// Extended attributes, in the order of the archive.
    package var xattrs: [TarXattr]
}

/// How much a tar's own bookkeeping may claim before it is refused. The bodies of entries have no limit here: they are
/// never held in memory, and whoever reads one knows how much to expect.
package enum TarLimits {
    /// Bytes of a PAX extended header: 1 MiB, as Go's `archive/tar` has it. Extended attributes are the largest honest
    /// records, at most 64 KiB each on Linux, and few.
    package static let paxHeader: UInt64 = 1 << 20
    /// Bytes of a GNU long name or link: 64 KiB, sixteen times what Linux takes as a path (PATH_MAX, 4096).
    package static let longName: UInt64 = 64 << 10
    /// Bytes behind the end of a tar that are read through: 16 MiB. Padding to a whole record comes to a few KiB, on
    /// tapes to some MiB; an endless source of zeros must not be read for ever.
    package static let trailer: UInt64 = 16 << 20
}
