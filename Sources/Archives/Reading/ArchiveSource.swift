import Glibc
import SystemPackage
import Tar

/// The plain bytes of an archive or a layer, however it is compressed: its content tells, not its name.
public final class ArchiveSource: ByteSource {
    /// What is read, for errors: `'base.tar.gz'`, `standard input`.
    public let name: String
    public let compression: Compression
    private let source: any ByteSource

    /// Looks at the first bytes of a source, and decompresses it if they say so.
    ///
    /// - Parameters:
    ///   - source: an archive or a layer as it was stored, from its start.
    ///   - name: what it is, for errors.
    /// - Throws: what the source throws, and `Failure` as `open` does.
    public init(_ source: any ByteSource, name: String, limits: ReadingLimits) throws {
        let source = try PeekedSource(source, count: Compression.magicSize)
        self.name = name
        compression = Compression(startingWith: source.start)
        self.source =
            switch compression {
            case .none: source
            case .gzip: try GzipSource(source, name: name, limits: limits)
            case .zstd: try ZstdSource(source, name: name, limits: limits)
            case .xz: try LibArchiveSource(source, .xz, name: name, limits: limits)
            case .bzip2: try LibArchiveSource(source, .bzip2, name: name, limits: limits)
            }
    }

    /// Opens an archive.
    ///
    /// - Parameter path: a file, or `-` for standard input.
    /// - Throws: `Failure` with code `io` if it cannot be read. A stream that is damaged, truncated or larger than
    ///   `limits` allow fails with `data` where that shows.
    public static func open(_ path: FilePath, limits: ReadingLimits = .archive) throws -> ArchiveSource {
        if path == "-" {
            let name = "standard input"
            return try ArchiveSource(FileSource(STDIN_FILENO, name: name), name: name, limits: limits)
        }
        return try ArchiveSource(FileSource.open(path), name: "'\(path)'", limits: limits)
    }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try source.read(into: buffer) }

    public func skip(_ count: UInt64) throws -> UInt64 { try source.skip(count) }
}
