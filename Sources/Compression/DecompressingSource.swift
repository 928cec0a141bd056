package import ByteIO
import Glibc
package import SystemPackage

/// Decompresses an archive or a layer. The first bytes determine the compression, not the name.
package final class DecompressingSource: ByteSource {
    /// The name of the input in errors: `'base.tar.gz'`, `standard input`.
    package let name: String
    /// The compression of the input.
    package let compression: Compression
    private let source: any ByteSource

    /// Detects the compression of a source by its first bytes.
    ///
    /// - Parameters:
    ///   - source: an archive or a layer, at its start.
    ///   - name: the name of the input in errors.
    ///   - limits: the limits on the decompressed bytes.
    /// - Throws: errors of the source; `ToolError` with code `data` if the start is damaged, `io` if memory is short.
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
    /// - Parameters:
    ///   - path: a file, or `-` for standard input.
    ///   - limits: the limits on the decompressed bytes.
    /// - Throws: `ToolError` with code `io` if the file cannot be read, and `data` if its start is damaged. Reading
    ///   throws `data` later if the stream is damaged, truncated or larger than `limits` permits.
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

/// The compression of a file, detected by its first bytes.
package enum Compression: String, CaseIterable, Sendable {
    case none
    case gzip
    case zstd
    case xz
    case bzip2

    /// The number of bytes that detection needs.
    static let magicSize = 6

    /// Detects the compression.
    ///
    /// - Parameter start: the first `magicSize` bytes of the file, or all bytes of a shorter file.
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

    /// Detects the compression of an open file.
    ///
    /// - Throws: `ToolError` with code `io` if the file cannot be read.
    package init(of file: FileRange) throws {
        self.init(startingWith: try file.slice(at: 0, size: UInt64(Self.magicSize)).bytes())
    }

    /// Detects a zstd frame without data (RFC 8878 section 3.1.2), with which zstd:chunked and pzstd begin.
    private static func isSkippableFrame(_ start: [UInt8]) -> Bool {
        start.count >= 4 && start[0] & 0xF0 == 0x50 && start[1...3].elementsEqual([0x2A, 0x4D, 0x18])
    }
}
