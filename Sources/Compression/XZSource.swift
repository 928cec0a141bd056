import ByteIO
import CLZMA
import Errors

/// Decompresses xz: one stream or several, with padding between and after them, checksums checked.
///
/// liblzma decodes a single stream at a time, without `LZMA_CONCATENATED`, which would accept padding of any size.
///
/// Source: The .xz File Format 1.1.0, https://tukaani.org/xz/xz-file-format.txt, section 2.
final class XZSource: ByteSource {
    private let source: any ByteSource
    private let stream: UnsafeMutablePointer<lzma_stream>
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 4096)
    private var meter: DecompressionMeter
    /// Whether a stream has begun whose end has not been reached.
    private var isWithinStream = true
    /// Zero bytes since the end of the last stream.
    private var padding: UInt64 = 0
    private var isAtEnd = false
    /// Held while the dictionary is large.
    private var largeWindow: LargeWindow?

    /// Memory in bytes that liblzma needs beside the dictionary. It takes less than 128 KiB; dictionaries come in
    /// powers of two and one and a half times these, so the surplus admits no dictionary beyond a limit of 1 MiB or
    /// more.
    private static let overhead: UInt64 = 256 << 10

    /// Creates a decompressor that stands at the start of the first stream.
    ///
    /// - Parameters:
    ///   - source: the compressed bytes.
    ///   - name: the name of the source in errors.
    /// - Throws: `ToolError` with code `io` if there is no memory for the decompressor.
    init(_ source: any ByteSource, name: String, limits: DecompressionLimits) throws {
        self.source = source
        meter = DecompressionMeter(limits, name: name)
        stream = .allocate(capacity: 1)
        stream.initialize(to: lzma_stream())
        try beginStream()
    }

    deinit {
        lzma_end(stream)
        stream.deallocate()
        input.deallocate()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !buffer.isEmpty else { return 0 }
        while !isAtEnd {
            if stream.pointee.avail_in == 0 { try fillInput() }
            guard isWithinStream else {
                try readBetweenStreams()
                continue
            }
            let count = try decompress(into: buffer)
            if count > 0 { return count }
        }
        return 0
    }

    /// Decompresses bytes of `input`: each call uses input, gives output or ends the stream.
    private func decompress(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let available = stream.pointee.avail_in
        stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = buffer.count
        var status = lzma_code(stream, LZMA_RUN)
        if status == LZMA_MEMLIMIT_ERROR, largeWindow == nil {
            largeWindow = LargeWindow.begin()
            guard lzma_memlimit_set(stream, memoryLimit) == LZMA_OK else { throw failure(status) }
            status = lzma_code(stream, LZMA_RUN)
        }
        let count = buffer.count - stream.pointee.avail_out
        switch status {
        case LZMA_STREAM_END: isWithinStream = false
        case LZMA_OK where count > 0 || stream.pointee.avail_in < available: break
        case LZMA_OK, LZMA_BUF_ERROR: throw truncated
        default: throw failure(status)
        }
        try meter.count(output: count)
        return count
    }

    /// Takes the first byte after a stream or its padding: padding, another stream, or the end.
    private func readBetweenStreams() throws {
        guard stream.pointee.avail_in > 0, let next = stream.pointee.next_in else {
            // Padding is a multiple of four bytes (section 2.2).
            guard padding % 4 == 0 else { throw truncated }
            isAtEnd = true
            lzma_end(stream)
            largeWindow = nil
            return
        }
        if next.pointee == 0 {
            padding += 1
            guard padding <= meter.limits.padding else {
                throw meter.failure("more than the limit of \(meter.limits.padding) zero bytes follow its end")
            }
            stream.pointee.next_in = next + 1
            stream.pointee.avail_in -= 1
        } else if next.pointee == 0xFD, padding % 4 == 0 {
            try beginStream()
            (isWithinStream, padding) = (true, 0)
        } else {
            throw garbage
        }
    }

    /// The memory in bytes that liblzma may use.
    private var memoryLimit: UInt64 { UInt64(meter.limits.xzDictionary) + Self.overhead }

    /// Makes liblzma expect a stream; it keeps its memory for the next stream.
    private func beginStream() throws {
        let unshared = UInt64(LargeWindow.threshold) + Self.overhead
        let status = lzma_stream_decoder(stream, largeWindow == nil ? min(unshared, memoryLimit) : memoryLimit, 0)
        guard status == LZMA_OK else { throw failure(status) }
    }

    private func fillInput() throws {
        let count = try source.read(into: input)
        meter.count(input: count)
        stream.pointee.next_in = UnsafePointer(input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = count
    }

    private var truncated: ToolError { meter.failure("the xz stream is truncated") }

    private var garbage: ToolError { meter.failure("data that is not xz follows the end of the xz stream") }

    private func failure(_ status: lzma_ret) -> ToolError {
        switch status {
        case LZMA_MEM_ERROR:
            ToolError(
                .io, "cannot read \(meter.name)", cause: "there is no memory for the decompressor",
                remedy: "free some memory")
        case LZMA_MEMLIMIT_ERROR:
            meter.failure(
                "the xz stream needs a dictionary of more than the limit of \(meter.limits.xzDictionary) bytes")
        // The first stream was recognized by its first bytes, so only those of a later one can be wrong.
        case LZMA_FORMAT_ERROR: garbage
        case LZMA_OPTIONS_ERROR: meter.failure("the xz stream is damaged: it has an unsupported option")
        default: meter.failure("the xz stream is damaged: its data or a checksum is invalid")
        }
    }
}
