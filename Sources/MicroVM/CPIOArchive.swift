import Tar

/// Writes a cpio archive in the form that the kernel takes as an initramfs.
///
/// Source: Linux, "initramfs buffer format", type `newc`.
struct CPIOArchive {
    private let sink: any ByteSink
    private var number: UInt32 = 0
    private var position = 0

    init(to sink: any ByteSink) {
        self.sink = sink
    }

    mutating func addFolder(_ name: String) throws { try add(name, mode: 0o040755) }

    mutating func addFile(_ name: String, mode: UInt32 = 0o644, _ bytes: [UInt8]) throws {
        try add(name, mode: 0o100000 | mode, bytes)
    }

    mutating func addCharacterDevice(_ name: String, major: UInt32, minor: UInt32) throws {
        try add(name, mode: 0o020600, device: (major, minor))
    }

    mutating func finish() throws { try add("TRAILER!!!", mode: 0) }

    private mutating func add(
        _ name: String, mode: UInt32, _ bytes: [UInt8] = [], device: (major: UInt32, minor: UInt32) = (0, 0)
    ) throws {
        number += 1
        let nameSize = UInt32(name.utf8.count + 1)
        let fields: [UInt32] = [
            number, mode, 0, 0, 1, 0, UInt32(bytes.count), 0, 0, device.major, device.minor, nameSize, 0,
        ]
        let head = fields.reduce("070701") { text, field in
            let digits = String(field, radix: 16)
            return text + String(repeating: "0", count: 8 - digits.count) + digits
        }
        try write(Array(head.utf8) + Array(name.utf8) + [0])
        try write(bytes)
    }

    /// Each part ends at a multiple of four.
    private mutating func write(_ bytes: [UInt8]) throws {
        let padding = [UInt8](repeating: 0, count: (4 - (position + bytes.count) % 4) % 4)
        try sink.write(bytes)
        try sink.write(padding)
        position += bytes.count + padding.count
    }
}
