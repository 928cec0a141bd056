import ByteIO
import OCI

/// Finds the hash parts of store paths in bytes.
///
/// Nix's own way: look at the window of 32 bytes from its end, and jump past a byte that is no base-32 digit. Each byte
/// is looked at once at most, whatever the bytes are. Source: `RefScanSink` in Nix's `libstore/references.cc`.
struct ReferenceScanner: Sendable {
    /// The length of a hash part in bytes.
    static let length = 32

    /// The hash parts, one behind the other.
    private let keys: [UInt8]
    /// A hash table with open addressing over `keys`: positions of hash parts, or -1. It is a sixteenth full at most, so
    /// that most windows are told by one look.
    private let slots: [Int32]
    /// What makes a slot's number of a 64-bit mix: its topmost bits are taken.
    private let shift: UInt64
    /// 1 for each byte that is a base-32 digit, else 0.
    private let digits: [UInt8]

    /// - Parameter hashParts: 32 bytes each; what is found is told by its position here.
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
                    // From the start of the window up to here all bytes are known to be digits.
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
        // All the words, so that hash parts which agree in some of them do not crowd one slot; each with a multiplier of
        // its own, so that the processor does them side by side.
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
    /// The store paths that its bytes refer to, by name: for a plain tar those of its files, links and names.
    ///
    /// - Parameter names: the store paths that are there.
    /// - Throws: `ToolError` with code `io` where it cannot be read.
    package func references(among names: StoreNames) throws -> [StorePath] {
        let targets = names.all
        guard !targets.isEmpty else { return [] }
        let found = try TreeScanner(search: ReferenceScanner(targets.map(\.hashPart))).scan(source())
        return found.map { targets[$0] }.sorted { $0.baseName < $1.baseName }
    }
}

extension FileTree {
    /// The store paths that the tree's files, links and names refer to, by name.
    ///
    /// - Parameter names: the store paths that are there.
    /// - Throws: `ToolError` with code `io` where a file cannot be read.
    package func references(among names: StoreNames) throws -> [StorePath] {
        let targets = names.all
        guard !targets.isEmpty else { return [] }
        let found = try TreeScanner(search: ReferenceScanner(targets.map(\.hashPart))).scan(self)
        return found.map { targets[$0] }.sorted { $0.baseName < $1.baseName }
    }
}
