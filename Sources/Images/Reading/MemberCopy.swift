import Archives
import Failures
import Tar

/// Keeps members of an archive that cannot be read again: those that may be JSON, and layers where they are needed.
struct MemberCopy {
    private let tar: TarReader
    private let file: SpoolFile
    private let keepsLayers: Bool

    /// A look at a member's start tells JSON from a small layer.
    private static let lookSize = 64

    init(from tar: TarReader, to file: SpoolFile, keepsLayers: Bool) {
        self.tar = tar
        self.file = file
        self.keepsLayers = keepsLayers
    }

    /// Keeps the current member of the tar; nil if it is passed over.
    func keep(_ member: TarMember) throws -> FileRange? {
        guard keepsLayers || member.size <= UInt64(ImageLimits.json) else { return nil }
        var start = [UInt8](repeating: 0, count: Int(min(member.size, UInt64(Self.lookSize))))
        let count = try start.withUnsafeMutableBytes { try tar.read(into: $0) }
        let first = start[..<count].first { !$0.isBlank }
        guard keepsLayers || first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return nil }
        return try file.keep { sink in
            try sink.write(Array(start[..<count]))
            var buffer = BlockBuffer(capacity: sink.bufferSize)
            while true {
                buffer.advance(try tar.read(into: buffer.room))
                if buffer.filled == 0 { break }
                buffer = try sink.take(buffer)
            }
        }.0
    }
}

extension UInt8 {
    /// Whether JSON passes over the byte between two values.
    fileprivate var isBlank: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}
