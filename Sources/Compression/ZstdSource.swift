package import ByteIO
import CZstd
import Errors

/// Decompresses zstd: one frame or several, checksums checked if present (RFC 8878).
package final class ZstdSource: ByteSource {
    private let source: any ByteSource
    /// Nil after the end, when its window is not needed anymore.
    private var context: OpaquePointer?
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 * 1024, alignment: 4096)
    /// The part of `input` that has not been decompressed.
    private var held = 0..<0
    private var meter: DecompressionMeter
    private var isBetweenFrames = false
    private var isAtFrameStart = true
    /// Held while the window is large.
    private var largeWindow: LargeWindow?
    private var isAtEnd = false

    /// Creates a decompressor.
    ///
    /// - Parameters:
    ///   - source: the compressed bytes.
    ///   - name: the name of the source in errors.
    ///   - limits: the limits on the decompressed bytes.
    /// - Throws: `ToolError` with code `io` if there is no memory for the decompressor.
    package init(_ source: any ByteSource, name: String, limits: DecompressionLimits) throws {
        guard let context = ZSTD_createDCtx() else {
            throw ToolError(
                .io, "cannot read \(name)", cause: "there is no memory for the decompressor", remedy: "free some memory"
            )
        }
        self.source = source
        self.context = context
        meter = DecompressionMeter(limits, name: name)
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, limits.zstdWindowLog)
    }

    deinit {
        ZSTD_freeDCtx(context)
        input.deallocate()
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !buffer.isEmpty else { return 0 }
        while !isAtEnd {
            if held.isEmpty {
                held = 0..<(try source.read(into: input))
                meter.count(input: held.count)
                if held.isEmpty, isBetweenFrames {
                    end()
                    break
                }
            }
            if isAtFrameStart, largeWindow == nil, mayNeedLargeWindow { largeWindow = LargeWindow.begin() }
            // The decompressor may still have output after the end of the input.
            let isLast = held.isEmpty
            let count = try decompress(into: buffer)
            if count > 0 { return count }
            if isLast { throw meter.failure("the zstd stream is truncated") }
        }
        return 0
    }

    private func end() {
        isAtEnd = true
        ZSTD_freeDCtx(context)
        context = nil
        largeWindow = nil
    }

    /// Whether the frame whose header begins at the next byte has a large window; true if the header is cut off.
    ///
    /// Source: RFC 8878, section 3.1.1.1.
    private var mayNeedLargeWindow: Bool {
        let header = UnsafeRawBufferPointer(rebasing: input[held])
        guard header.count >= 4 else { return true }
        // A skippable frame has no window.
        guard header.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) else { return false }
        guard header.count >= 14 else { return true }
        let descriptor = header[4]
        guard descriptor & 0x20 != 0 else {
            let base = UInt64(1) << (10 + UInt64(header[5] >> 3))
            return base + base / 8 * UInt64(header[5] & 7) > UInt64(LargeWindow.threshold)
        }
        // The window of a single segment is its content, whose size follows the dictionary's ID.
        let place = 5 + [0, 1, 2, 4][Int(descriptor & 3)]
        let size = [1, 2, 4, 8][Int(descriptor >> 6)]
        guard header.count >= place + size else { return true }
        return header[place..<place + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
            > UInt64(LargeWindow.threshold)
    }

    private func decompress(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: held.upperBound, pos: held.lowerBound)
        var target = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        let status = ZSTD_decompressStream(context, &target, &source)
        guard ZSTD_isError(status) == 0 else { throw failure(status) }
        guard target.pos > 0 || source.pos > held.lowerBound || held.isEmpty else {
            throw meter.failure("the zstd stream is damaged: it makes no progress")
        }
        held = source.pos..<held.upperBound
        isBetweenFrames = status == 0
        isAtFrameStart = status == 0
        try meter.count(output: target.pos)
        return target.pos
    }

    private func failure(_ status: Int) -> ToolError {
        switch ZSTD_getErrorCode(status) {
        case ZSTD_error_frameParameter_windowTooLarge:
            let limit = UInt64(1) << UInt64(meter.limits.zstdWindowLog)
            return meter.failure("the zstd stream needs a window of more than the limit of \(limit) bytes")
        case ZSTD_error_prefix_unknown where isBetweenFrames:
            return meter.failure("data that is not zstd follows the end of the zstd stream")
        default:
            return meter.failure("the zstd stream is damaged: \(String(cString: ZSTD_getErrorName(status)))")
        }
    }
}
