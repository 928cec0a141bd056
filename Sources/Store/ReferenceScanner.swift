import ByteIO
import OCI

/// Finds the hash parts of store paths in bytes.
///
/// The algorithm of Nix: check a window of 32 bytes from its end, and skip past a byte that is not a base-32 digit.
/// Each byte is checked at most once. Source: `RefScanSink` in Nix's `libstore/references.cc`.
struct ReferenceScanner: Sendable {
    /// The length of a hash part in bytes.
    static let length = 32

    /// The concatenated hash parts.
    private let keys: [UInt8]
    /// A hash table with open addressing over `keys`: positions of hash parts, or -1. At most a sixteenth of the slots
    /// is used, so that most windows need one lookup.
    private let slots: [Int32]
    /// The number of bits by which a 64-bit hash is shifted to get a slot.
    private let shift: UInt64
    /// 1 for each byte that is a base-32 digit, else 0.
    private let digits: [UInt8]

    /// - Parameter hashParts: strings of 32 bytes each. Results are positions in this array.
    init(_ hashParts: [some StringProtocol]) {
        keys = hashParts.flatMap { $0.utf8 }
        digits = NixBase32.values.map { $0 == 255 ? 0 : 1 }
        var bits: UInt64 = 4
        while 1 << bits < 16 * hashParts.count { bits += 1 }
        let shift = 64 - bits
        var slots = [Int32](repeating: -1, count: 1 << bits)
        keys.withUnsafeBytes { keys in
            guard let keys = keys.baseAddress else { return }
            for position in hashParts.indices {
                var slot = Self.mix(keys + position * Self.length) >> shift
                while slots[Int(slot)] >= 0 { slot = (slot + 1) & (1 << bits - 1) }
                slots[Int(slot)] = Int32(position)
            }
        }
        self.slots = slots
        self.shift = shift
    }

    /// Adds the positions of all hash parts that occur in `bytes`.
    func search(_ bytes: UnsafeRawBufferPointer, found: inout Set<Int>) {
        guard let base = bytes.baseAddress else { return }
        keys.withUnsafeBytes { keys in
            slots.withUnsafeBufferPointer { slots in
                digits.withUnsafeBufferPointer { digits in
                    guard let keys = keys.baseAddress, let slots = slots.baseAddress, let digits = digits.baseAddress
                    else { return }
                    var start = 0
                    // The bytes from the start of the window up to here are known to be digits.
                    var known = 0
                    while start + Self.length <= bytes.count {
                        let end = start + Self.length
                        var last = end - 1
                        while last >= known, digits[Int(base.load(fromByteOffset: last, as: UInt8.self))] != 0 {
                            last -= 1
                        }
                        if last >= known {
                            start = last + 1
                        } else {
                            if let position = look(up: base + start, slots, keys) { found.insert(position) }
                            start += 1
                        }
                        known = end
                    }
                }
            }
        }
    }

    @inline(__always)
    private func look(up window: UnsafeRawPointer, _ slots: UnsafePointer<Int32>, _ keys: UnsafeRawPointer) -> Int? {
        var slot = Self.mix(window) >> shift
        while true {
            let position = Int(slots[Int(slot)])
            if position < 0 { return nil }
            if Self.equal(window, keys + position * Self.length) { return position }
            slot = (slot + 1) & (1 << (64 - shift) - 1)
        }
    }

    @inline(__always)
    private static func mix(_ bytes: UnsafeRawPointer) -> UInt64 {
        // All words are mixed in, so that hash parts with some equal words have different slots. Each word has its own
        // multiplier, so that the processor can multiply them in parallel.
        let first = bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self) &* 0x9E37_79B9_7F4A_7C15
        let second = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self) &* 0xBF58_476D_1CE4_E5B9
        let third = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self) &* 0x94D0_49BB_1331_11EB
        let fourth = bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self) &* 0xD6E8_FEB8_6659_FD93
        let mixed = (first ^ second) &+ (third ^ fourth)
        return (mixed ^ mixed >> 32) &* 0x9E37_79B9_7F4A_7C15
    }

    @inline(__always)
    private static func equal(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer) -> Bool {
        for offset in stride(from: 0, to: length, by: 8) {
            let mine = left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            if mine != right.loadUnaligned(fromByteOffset: offset, as: UInt64.self) { return false }
        }
        return true
    }
}

extension FileRange {
    /// The store paths that the bytes refer to, sorted by name; for an uncompressed tar those of its files, links and
    /// names.
    ///
    /// - Parameter names: the existing store paths.
    /// - Throws: `ToolError` with code `io` if the range cannot be read.
    package func references(among names: StoreNames) throws -> [StorePath] {
        let targets = names.all
        guard !targets.isEmpty else { return [] }
        let found = try TreeScanner(scanner: ReferenceScanner(targets.map(\.hashPart))).scan(source())
        return found.map { targets[$0] }.sorted { $0.baseName < $1.baseName }
    }
}

extension FileTree {
    /// The store paths that the tree's files, links and names refer to, sorted by name.
    ///
    /// - Parameter names: the existing store paths.
    /// - Throws: `ToolError` with code `io` if a file cannot be read.
    package func references(among names: StoreNames) throws -> [StorePath] {
        let targets = names.all
        guard !targets.isEmpty else { return [] }
        let found = try TreeScanner(scanner: ReferenceScanner(targets.map(\.hashPart))).scan(self)
        return found.map { targets[$0] }.sorted { $0.baseName < $1.baseName }
    }
}
