import Failures
import Glibc
import SystemPackage
import Tar

/// An archive's plain bytes, however it is compressed: its content tells, not its name.
public final class ArchiveSource: ByteSource {
    /// What is read, for errors: `'base.tar.gz'`, `standard input`.
    public let name: String
    public let compression: Compression
    private let source: any ByteSource

    private init(_ file: FileSource, name: String, limits: ReadingLimits) throws {
        self.name = name
        compression = Compression(startingWith: try file.peek(Compression.magicSize))
        switch compression {
        case .none: source = file
        case .gzip: source = try GzipSource(file, name: name, limits: limits)
        case .zstd: source = try ZstdSource(file, name: name, limits: limits)
        case .xz, .bzip2:
            throw Failure(
                .data, "cannot read \(name)", why: "it is compressed with \(compression), which is not read yet",
                advice: "decompress it first, with `\(compression) -d`")
        }
    }

    /// Opens an archive.
    ///
    /// - Parameter path: a file, or `-` for standard input.
    /// - Throws: `Failure` with code `io` if it cannot be read, and `data` if it is compressed in a way that is not
    ///   read. A stream that is damaged, truncated or larger than `limits` allow fails with `data` where that shows.
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
