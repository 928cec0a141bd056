import ByteIO
import CLibArchive
import Errors

/// Decompresses bzip2: one stream or several, checksums checked.
///
/// libarchive does the work: its raw format has one entry, whose body is the output of its filter.
final class Bzip2Source: ByteSource {
    private let source: any ByteSource
    private let archive: OpaquePointer
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 4096)
    private var meter: DecompressionMeter
    private var isSourceAtEnd = false
    private var isAtEnd = false
    /// The error of the source, which libarchive cannot pass on.
    private var sourceError: (any Error)?

    /// Opens the first stream.
    ///
    /// - Parameters:
    ///   - source: the compressed bytes.
    ///   - name: the name of the source in errors.
    /// - Throws: the errors of the source, and `ToolError` with code `data` if the stream is damaged at its start.
    init(_ source: any ByteSource, name: String, limits: DecompressionLimits) throws {
        guard let archive = archive_read_new() else {
            throw ToolError(
                .io, "cannot read \(name)", cause: "there is no memory for the decompressor", remedy: "free some memory"
            )
        }
        self.source = source
        self.archive = archive
        meter = DecompressionMeter(limits, name: name)
        // A filter that is named is applied once; filters that libarchive detects are applied as often as they fit.
        guard archive_read_append_filter(archive, ARCHIVE_FILTER_BZIP2) == ARCHIVE_OK else {
            throw ToolError(
                .unavailable, "cannot read \(name)", cause: "this libarchive has no support for bzip2: \(reason)",
                remedy: "decompress it first, with `bzip2 -d`")
        }
        // The raw format accepts everything but an empty body, which has a format of its own.
        archive_read_support_format_raw(archive)
        archive_read_support_format_empty(archive)
        try open()
    }

    deinit {
        archive_read_free(archive)
        input.deallocate()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !buffer.isEmpty, !isAtEnd else { return 0 }
        let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
        guard count >= 0 else { throw damage }
        if count == 0 { try end() }
        try meter.count(output: count)
        return count
    }

    /// Makes libarchive read the start of the first stream.
    private func open() throws {
        let opened = archive_read_open(
            archive, Unmanaged.passUnretained(self).toOpaque(), nil,
            { _, object, start in
                guard let object, let start else { return -1 }
                return Unmanaged<Bzip2Source>.fromOpaque(object).takeUnretainedValue().giveInput(start)
            }, nil)
        // A stream that is damaged before its first byte of output opens as an empty one, and only sets the error.
        guard opened == ARCHIVE_OK, archive_errno(archive) == 0 else { throw damage }
        var entry: OpaquePointer?
        switch archive_read_next_header(archive, &entry) {
        case ARCHIVE_OK: break
        case ARCHIVE_EOF: try end()
        default: throw damage
        }
    }

    /// Reads input for libarchive, which uses the buffer until the next call.
    ///
    /// - Returns: the number of bytes; 0 at the end, negative on an error.
    private func giveInput(_ start: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
        do {
            let count = try source.read(into: input)
            isSourceAtEnd = count == 0
            meter.count(input: count)
            start.pointee = UnsafeRawPointer(input.baseAddress)
            return count
        } catch {
            sourceError = error
            return Int(ARCHIVE_FATAL)
        }
    }

    /// Checks that the input ends with a stream: libarchive ends without an error where no further stream begins.
    private func end() throws {
        if let sourceError { throw sourceError }
        let taken = archive_filter_bytes(archive, -1)
        guard taken > 0 else { throw meter.failure("the bzip2 stream is damaged or truncated within its header") }
        if !isSourceAtEnd { meter.count(input: try source.read(into: input)) }
        guard UInt64(taken) == meter.input else {
            throw meter.failure("data that is not bzip2 follows the end of the bzip2 stream")
        }
        isAtEnd = true
    }

    /// The reason why libarchive failed: the error of the source, truncation, or damage.
    private var damage: any Error {
        if let sourceError { return sourceError }
        // libarchive reads input only when all earlier input is used up, so damage is found before the end is.
        guard !isSourceAtEnd else { return meter.failure("the bzip2 stream is truncated") }
        return meter.failure("the bzip2 stream is damaged: \(reason)")
    }

    private var reason: String { archive_error_string(archive).map { String(cString: $0) } ?? "no reason is given" }
}
