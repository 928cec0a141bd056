import CZlib
import Failures
import Glibc
import Tar

/// Decompresses gzip: one member or several, each with its checksum and size checked by zlib (RFC 1952).
public final class GzipSource: ByteSource {
    private let source: any ByteSource
    private let name: String
    private let stream: UnsafeMutablePointer<z_stream>
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 4096)
    private var bombs: BombGuard
    private var isWithinMember = true
    private var isAtEnd = false

    /// - Parameters:
    ///   - source: the compressed bytes.
    ///   - name: what they are, for errors.
    public init(_ source: any ByteSource, name: String, limits: ReadingLimits) throws {
        self.source = source
        self.name = name
        bombs = BombGuard(limits, name: name)
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15: the largest window; 16: gzip and nothing else.
        guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw Failure(
                .io, "cannot read \(name)", why: "there is no memory for the decompressor", advice: "free some memory")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        input.deallocate()
    }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
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

    /// Decompresses what lies in `input`: each call takes input or gives output, or ends the reading.
    private func inflate(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let room = min(buffer.count, 1 << 30)
        let had = stream.pointee.avail_in
        stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = uInt(room)
        let status = CZlib.inflate(stream, Z_NO_FLUSH)
        let count = room - Int(stream.pointee.avail_out)
        switch status {
        case Z_STREAM_END: isWithinMember = false
        case Z_OK where count > 0 || stream.pointee.avail_in < had: break
        case Z_OK, Z_BUF_ERROR:
            throw bombs.failure("the gzip stream ends before its end: it is truncated")
        default:
            let words = stream.pointee.msg.map { String(cString: $0) } ?? "zlib's status \(status)"
            throw bombs.failure("the gzip stream is damaged: \(words)")
        }
        try bombs.count(output: count)
        return count
    }

    /// After the end of a member: another one, zeros, or the end.
    private func beginMember() throws {
        guard stream.pointee.avail_in > 0, let next = stream.pointee.next_in else {
            isAtEnd = true
            return
        }
        if next.pointee == 0 {
            try skipPadding()
        } else if next.pointee == 0x1F {
            inflateReset(stream)
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
            guard zeros <= bombs.limits.padding else {
                throw bombs.failure("more than the limit of \(bombs.limits.padding) zeros lie behind its end")
            }
            try fillInput()
        }
        isAtEnd = true
    }

    private func fillInput() throws {
        let count = try source.read(into: input)
        bombs.count(input: count)
        stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = uInt(count)
    }

    private var garbage: Failure { bombs.failure("something that is no gzip lies behind the end of the gzip stream") }
}
