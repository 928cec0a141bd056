package import ByteIO
import Glibc
package import SystemPackage

/// The plain bytes of an archive or a layer, however it is compressed: its content tells, not its name.
package final class DecompressingSource: ByteSource {
    /// What is read, for errors: `'base.tar.gz'`, `standard input`.
    package let name: String
    package let compression: Compression
    private let source: any ByteSource

    /// Looks at the first bytes of a source, and decompresses it if they say so.
    ///
    /// - Parameters:
    ///   - source: an archive or a layer as it was stored, from its start.
    ///   - name: what it is, for errors.
    /// - Throws: what the source throws, and `ToolError` as `open` does.
    package init(_ source: any ByteSource, name: String, limits: DecompressionLimits) throws {
        let source = try PeekedSource(source, count: Compression.magicSize)
        self.name = name
        compression = Compression(startingWith: source.start)
        self.source =
            switch compression {
            case .none: source
            case .gzip: try GzipSource(source, name: name, limits: limits)
            case .zstd: try ZstdSource(source, name: name, limits: limits)
            case .xz: try XZSource(source, name: name, limits: limits)
            case .bzip2: try Bzip2Source(source, name: name, limits: limits)
            }
    }

    /// Opens an archive.
    ///
    /// - Parameter path: a file, or `-` for standard input.
    /// - Throws: `ToolError` with code `io` if it cannot be read. A stream that is damaged, truncated or larger than
    ///   `limits` allow fails with `data` where that shows.
    package static func open(_ path: FilePath, limits: DecompressionLimits = .archive) throws -> DecompressingSource {
        if path == "-" {
            let name = "standard input"
            return try DecompressingSource(FileSource(STDIN_FILENO, name: name), name: name, limits: limits)
        }
        return try DecompressingSource(FileSource.open(path), name: "'\(path)'", limits: limits)
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try source.read(into: buffer) }

    package func skip(_ count: UInt64) throws -> UInt64 { try source.skip(count) }
}

/// How a file is compressed, told by its first bytes and not by its name.
package enum Compression: String, CaseIterable, Sendable {
    case none
    case gzip
    case zstd
    case xz
    case bzip2

    /// How many bytes tell.
    static let magicSize = 6

    /// - Parameter start: the first bytes of the file; fewer than `magicSize` only if it has no more.
    package init(startingWith start: [UInt8]) {
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

    /// - Throws: `ToolError` with code `io` if the file cannot be read.
    package init(of file: FileRange) throws {
        self.init(startingWith: try file.slice(at: 0, size: UInt64(Self.magicSize)).bytes())
    }

    /// A frame of zstd that holds no data (RFC 8878 section 3.1.2): zstd:chunked and pzstd begin with one.
    private static func isSkippableFrame(_ start: [UInt8]) -> Bool {
        start.count >= 4 && start[0] & 0xF0 == 0x50 && start[1...3].elementsEqual([0x2A, 0x4D, 0x18])
    }
}
