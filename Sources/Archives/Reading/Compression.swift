/// How a file is compressed, told by its first bytes and not by its name.
public enum Compression: String, CaseIterable, Sendable {
    case none
    case gzip
    case zstd
    case xz
    case bzip2

    /// How many bytes tell.
    static let magicSize = 6

    /// - Parameter start: the first bytes of the file; fewer than `magicSize` only if it has no more.
    public init(startingWith start: [UInt8]) {
        if start.starts(with: [0x1F, 0x8B]) {
            self = .gzip
        } else if start.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) || Self.isSkippableFrame(start) {
            self = .zstd
        } else if start.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]) {
            self = .xz
        } else if start.starts(with: [0x42, 0x5A, 0x68]), start.count > 3, (0x31...0x39).contains(start[3]) {
            self = .bzip2
        } else {
            self = .none
        }
    }

    /// - Throws: `Failure` with code `io` if the file cannot be read.
    public init(of file: FileRange) throws {
        self.init(startingWith: try file.slice(at: 0, size: UInt64(Self.magicSize)).bytes())
    }

    /// A frame of zstd that holds no data (RFC 8878 section 3.1.2): zstd:chunked and pzstd begin with one.
    private static func isSkippableFrame(_ start: [UInt8]) -> Bool {
        start.count >= 4 && start[0] & 0xF0 == 0x50 && start[1...3].elementsEqual([0x2A, 0x4D, 0x18])
    }
}
