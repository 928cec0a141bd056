import Errors

/// Follows streams of xz from frame to frame, so that a block that asks for too large a dictionary is refused before it
/// is reserved: libarchive sets liblzma no limit. What it does not look at, checksums and sizes, liblzma checks.
///
/// Source: The .xz File Format 1.1.0, https://tukaani.org/xz/xz-file-format.txt, sections 2 to 4; for the chunks of
/// LZMA2, which it does not describe, the comment at the start of liblzma's `lzma2_decoder.c` and its state machine.
struct XZFrames {
    /// What the bytes that are gathered are.
    private enum Part {
        /// The first word of a stream, or of the padding behind one.
        case streamStart
        case streamHeader
        /// The first byte of a block, which tells the size of its header; 0 for the index behind all blocks.
        case frameStart
        case blockHeader
        /// The first byte of a chunk of LZMA2; 0 behind the last one.
        case chunkStart
        case plainChunkSize
        case chunkSizes(hasProperties: Bool)
        /// The number of records of the index, of which `value` is known, `shift` bits.
        case indexCount(value: UInt64, shift: UInt64)
        /// The last of so many numbers in the index.
        case indexNumbers(UInt64)
    }

    private var part = Part.streamStart
    private var gathered: [UInt8] = []
    /// How many bytes `part` has.
    private var size = 4
    /// How many bytes to pass over before that.
    private var skipped: UInt64 = 0
    private var position: UInt64 = 0
    private var padding: UInt64 = 0
    private var checkSize: UInt64 = 0
    private var hasStream = false

    /// Follows the next bytes.
    ///
    /// - Throws: `ToolError` with code `data` if a limit is exceeded, or the frames are damaged.
    mutating func take(_ bytes: UnsafeRawBufferPointer, _ bombs: DecompressionMeter) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let isSkipping = skipped > 0
            let count = Int(min(isSkipping ? skipped : UInt64(size - gathered.count), UInt64(rest.count)))
            if isSkipping { skipped -= UInt64(count) } else { gathered += rest.prefix(count) }
            rest = rest.dropFirst(count)
            position += UInt64(count)
            guard !isSkipping, gathered.count == size else { continue }
            try takePart(bombs)
            gathered.removeAll(keepingCapacity: true)
        }
    }

    private mutating func takePart(_ bombs: DecompressionMeter) throws {
        let first = gathered[0]
        switch part {
        case .streamStart: try takeStreamStart(bombs)
        case .streamHeader:
            // 0, 4, 8, 16, 32 or 64 bytes, by the check's number.
            let check = gathered[3] & 0x0F
            checkSize = check == 0 ? 0 : 4 << UInt64((check - 1) / 3)
            expect(.frameStart, 1)
        case .frameStart where first == 0: expect(.indexCount(value: 0, shift: 0), 1)
        case .frameStart: expect(.blockHeader, Int(first) * 4 + 3)
        case .blockHeader:
            let dictionary = try Self.dictionary(gathered.dropLast(4), bombs)
            guard dictionary <= bombs.limits.xzDictionary else {
                throw bombs.failure(
                    "the xz stream wants a dictionary of \(dictionary) bytes, more than the limit of "
                        + "\(bombs.limits.xzDictionary)")
            }
            expect(.chunkStart, 1)
        case .chunkStart: try takeChunkStart(first, bombs)
        case .plainChunkSize: expect(.chunkStart, 1, after: UInt64(first) << 8 + UInt64(gathered[1]) + 1)
        case .chunkSizes(let hasProperties):
            let size = UInt64(gathered[2]) << 8 + UInt64(gathered[3]) + 1
            expect(.chunkStart, 1, after: hasProperties ? size + 1 : size)
        case .indexCount(let value, let shift):
            let sum = value | UInt64(first & 0x7F) << shift
            if first & 0x80 == 0 {
                expectNumbers(sum * 2)
            } else {
                guard shift < 56 else { throw Self.damaged(bombs) }
                expect(.indexCount(value: sum, shift: shift + 7), 1)
            }
        case .indexNumbers(let count): expectNumbers(first & 0x80 == 0 ? count - 1 : count)
        }
    }

    private mutating func takeStreamStart(_ bombs: DecompressionMeter) throws {
        if gathered == [0xFD, 0x37, 0x7A, 0x58] {
            (hasStream, padding) = (true, 0)
            return expect(.streamHeader, 8)
        }
        guard hasStream else { throw Self.damaged(bombs) }
        guard gathered.allSatisfy({ $0 == 0 }) else {
            throw bombs.failure("something that is no xz lies behind the end of the xz stream")
        }
        padding += 4
        guard padding <= bombs.limits.padding else {
            throw bombs.failure("more than the limit of \(bombs.limits.padding) zeros lie behind its end")
        }
    }

    private mutating func takeChunkStart(_ control: UInt8, _ bombs: DecompressionMeter) throws {
        switch control {
        case 0: expect(.frameStart, 1, after: toWord + checkSize)
        case 1, 2: expect(.plainChunkSize, 2)
        case 0x80...: expect(.chunkSizes(hasProperties: control >= 0xC0), 4)
        default: throw Self.damaged(bombs)
        }
    }

    /// Goes on in the index; behind its last number lie padding, its checksum, and the footer of the stream.
    private mutating func expectNumbers(_ count: UInt64) {
        guard count > 0 else { return expect(.streamStart, 4, after: toWord + 4 + 12) }
        expect(.indexNumbers(count), 1)
    }

    private mutating func expect(_ part: Part, _ size: Int, after skipped: UInt64 = 0) {
        (self.part, self.size, self.skipped) = (part, size, skipped)
    }

    /// Bytes up to the next multiple of four, to which blocks and indexes are padded.
    private var toWord: UInt64 { (4 - position % 4) % 4 }

    /// Bytes of the dictionary that the header of a block asks for, by its last filter.
    private static func dictionary(_ header: ArraySlice<UInt8>, _ bombs: DecompressionMeter) throws -> UInt32 {
        var rest = header
        func number() throws -> UInt64 {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), through: 56, by: 7) {
                guard let byte = rest.popFirst() else { break }
                value |= UInt64(byte & 0x7F) << shift
                if byte & 0x80 == 0 { return value }
            }
            throw damaged(bombs)
        }
        guard let flags = rest.popFirst() else { throw damaged(bombs) }
        // The sizes of the block, compressed and plain, where they are told.
        if flags & 0x40 != 0 { _ = try number() }
        if flags & 0x80 != 0 { _ = try number() }
        for _ in 0..<flags & 3 {
            _ = try number()
            let size = try number()
            guard size <= UInt64(rest.count) else { throw damaged(bombs) }
            rest = rest.dropFirst(Int(size))
        }
        // LZMA2, which has one byte of properties.
        guard try number() == 0x21, try number() == 1, let bits = rest.first, bits <= 40 else { throw damaged(bombs) }
        return bits == 40 ? .max : UInt32(2 | bits & 1) << UInt32(bits / 2 + 11)
    }

    private static func damaged(_ bombs: DecompressionMeter) -> ToolError {
        bombs.failure("the xz stream is damaged: its frames make no sense")
    }
}
