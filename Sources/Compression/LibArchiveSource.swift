import ByteIO
import CLibArchive
import Errors

/// Decompresses xz or bzip2, one stream or several, each with its checksums, through libarchive: its raw format has one
/// entry, whose body is what its filter gives.
final class LibArchiveSource: ByteSource {
    /// What it decompresses.
    enum Filter: String {
        case xz
        case bzip2

        fileprivate var code: Int32 { self == .xz ? ARCHIVE_FILTER_XZ : ARCHIVE_FILTER_BZIP2 }
    }

    private let source: any ByteSource
    private let filter: Filter
    private let archive: OpaquePointer
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 4096)
    private var bombs: DecompressionMeter
    private var frames: XZFrames?
    private var isSourceAtEnd = false
    private var isAtEnd = false
    /// Why no input can be given to libarchive, which has no place for a Swift error.
    private var failure: (any Error)?

    /// - Parameters:
    ///   - source: the compressed bytes.
    ///   - name: what they are, for errors.
    init(_ source: any ByteSource, _ filter: Filter, name: String, limits: DecompressionLimits) throws {
        guard let archive = archive_read_new() else {
            throw ToolError(
                .io, "cannot read \(name)", cause: "there is no memory for the decompressor", remedy: "free some memory"
            )
        }
        self.source = source
        self.filter = filter
        self.archive = archive
        bombs = DecompressionMeter(limits, name: name)
        frames = filter == .xz ? XZFrames() : nil
        // The one filter, once: filters that libarchive chooses by itself are applied as often as they fit.
        guard archive_read_append_filter(archive, filter.code) == ARCHIVE_OK else {
            throw ToolError(
                .unavailable, "cannot read \(name)", cause: "libarchive does not know \(filter) here: \(words)",
                remedy: "decompress it first, with `\(filter) -d`")
        }
        // Raw takes everything but an empty body, for which there is a format of its own.
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
        try bombs.count(output: count)
        return count
    }

    /// Lets libarchive read the start of the stream.
    private func open() throws {
        let opened = archive_read_open(
            archive, Unmanaged.passUnretained(self).toOpaque(), nil,
            { _, object, start in
                guard let object, let start else { return -1 }
                return Unmanaged<LibArchiveSource>.fromOpaque(object).takeUnretainedValue().giveInput(start)
            }, nil)
        // A stream that is damaged before it gives a byte opens as an empty one, and leaves its error behind.
        guard opened == ARCHIVE_OK, archive_errno(archive) == 0 else { throw damage }
        var entry: OpaquePointer?
        switch archive_read_next_header(archive, &entry) {
        case ARCHIVE_OK: break
        case ARCHIVE_EOF: try end()
        default: throw damage
        }
    }

    /// Reads input for libarchive, which uses it until it asks for more.
    ///
    /// - Returns: how many bytes there are: 0 at the end, less if there are none to be had.
    private func giveInput(_ start: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
        do {
            let count = try source.read(into: input)
            isSourceAtEnd = count == 0
            bombs.count(input: count)
            try frames?.take(UnsafeRawBufferPointer(rebasing: input[..<count]), bombs)
            start.pointee = UnsafeRawPointer(input.baseAddress)
            return count
        } catch {
            failure = error
            return Int(ARCHIVE_FATAL)
        }
    }

    /// libarchive ends without a word where no further stream of bzip2 begins.
    private func end() throws {
        if let failure { throw failure }
        let taken = archive_filter_bytes(archive, -1)
        guard taken > 0 else { throw bombs.failure("the \(filter) stream is damaged or truncated within its header") }
        if !isSourceAtEnd { bombs.count(input: try source.read(into: input)) }
        guard UInt64(taken) == bombs.input else {
            throw bombs.failure("something that is no \(filter) lies behind the end of the \(filter) stream")
        }
        isAtEnd = true
    }

    /// The error that libarchive met, or what made it meet one.
    private var damage: any Error {
        if let failure { return failure }
        // Input is asked for only when all of it is used up, so that damage shows before the end does.
        guard !isSourceAtEnd else { return bombs.failure("the \(filter) stream ends before its end: it is truncated") }
        return bombs.failure("the \(filter) stream is damaged: \(words)")
    }

    private var words: String { archive_error_string(archive).map { String(cString: $0) } ?? "no reason is given" }
}
