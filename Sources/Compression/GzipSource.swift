package import ByteIO
import CISAL
import Errors
import Glibc

/// Decompresses gzip: one member or several, checksums and sizes checked (RFC 1952).
///
/// ISA-L needs half of zlib's time.
package final class GzipSource: ByteSource {
    private let source: any ByteSource
    private let name: String
    private let stream: UnsafeMutablePointer<inflate_state>
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 4096)
    private var meter: DecompressionMeter
    private var isWithinMember = true
    private var isAtEnd = false

    /// Creates a decompressor.
    ///
    /// - Parameters:
    ///   - source: the compressed bytes.
    ///   - name: the name of the source in errors.
    ///   - limits: the limits on the decompressed bytes.
    package init(_ source: any ByteSource, name: String, limits: DecompressionLimits) throws {
        self.source = source
        self.name = name
        meter = DecompressionMeter(limits, name: name)
        stream = .allocate(capacity: 1)
        isal_inflate_init(stream)
        stream.pointee.crc_flag = UInt32(ISAL_GZIP)
    }

    deinit {
        stream.deallocate()
        input.deallocate()
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !buffer.isEmpty else { return 0 }
        while !isAtEnd {
            if stream.pointee.avail_in == 0 { try fillInput() }
            guard isWithinMember else {
                try beginMember()
                continue
            }
            let count = try inflate(into: buffer)
            if count > 0 { return count }
        }
        return 0
    }

    /// Decompresses bytes of `input`: each call uses input, gives output or ends the member.
    private func inflate(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let room = min(buffer.count, 1 << 30)
        let had = stream.pointee.avail_in
        stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(room)
        let status = isal_inflate(stream)
        let count = room - Int(stream.pointee.avail_out)
        guard status == ISAL_DECOMP_OK || status == ISAL_END_INPUT || status == ISAL_OUT_OVERFLOW else {
            throw meter.failure("the gzip stream is damaged: \(Self.reason(for: status))")
        }
        isWithinMember = stream.pointee.block_state != ISAL_BLOCK_FINISH
        guard !isWithinMember || count > 0 || stream.pointee.avail_in < had else {
            throw meter.failure("the gzip stream is truncated")
        }
        try meter.count(output: count)
        return count
    }

    private static func reason(for status: Int32) -> String {
        switch status {
        case ISAL_INCORRECT_CHECKSUM: "its checksum or its length is wrong"
        case ISAL_INVALID_WRAPPER, ISAL_UNSUPPORTED_METHOD: "its header is invalid"
        case ISAL_INVALID_LOOKBACK: "it refers to bytes before its start"
        default: "invalid deflate block"
        }
    }

    /// Continues after a member: with another member, padding, or the end.
    private func beginMember() throws {
        guard stream.pointee.avail_in > 0, let next = stream.pointee.next_in else {
            isAtEnd = true
            return
        }
        if next.pointee == 0 {
            try skipPadding()
        } else if next.pointee == 0x1F {
            isal_inflate_reset(stream)
            stream.pointee.crc_flag = UInt32(ISAL_GZIP)
            isWithinMember = true
        } else {
            throw garbage
        }
    }

    private func skipPadding() throws {
        var zeros: UInt64 = 0
        while stream.pointee.avail_in > 0 {
            let rest = UnsafeBufferPointer(start: stream.pointee.next_in, count: Int(stream.pointee.avail_in))
            guard rest.allSatisfy({ $0 == 0 }) else { throw garbage }
            zeros += UInt64(rest.count)
            guard zeros <= meter.limits.padding else {
                throw meter.failure("more than the limit of \(meter.limits.padding) zero bytes follow its end")
            }
            try fillInput()
        }
        isAtEnd = true
    }

    private func fillInput() throws {
        let count = try source.read(into: input)
        meter.count(input: count)
        stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(count)
    }

    private var garbage: ToolError { meter.failure("data that is not gzip follows the end of the gzip stream") }
}
