import Archives
import Failures
import Glibc
import SystemPackage
import Tar

extension ImageArchive {
    /// Reads an archive or a folder.
    ///
    /// - Parameter path: an archive, compressed or not; a folder; or `-` for standard input.
    /// - Throws: `Failure` with code `data` if it is damaged, holds no image, or contradicts itself; with `io` if it cannot
    ///   be read.
    public static func open(_ path: FilePath, _ context: ReadingContext) throws -> ImageArchive {
        let kind = path == "-" ? 0 : try kind(of: path)
        if kind == S_IFDIR { return try ImageArchive(FolderFiles(path), context: context) }
        // A FIFO is opened but once: whoever writes to it would be gone the second time.
        if kind == S_IFREG, let file = try plainFile(path) {
            return try ImageArchive(TarFiles(file), context: context)
        }
        let source = try ArchiveSource.open(path)
        return try read(source, name: source.name, context)
    }

    /// Reads a plain archive that comes from somewhere else than a file.
    ///
    /// - Parameter name: what it is, for errors: `'docker-daemon:app:1'`.
    /// - Throws: `Failure` as `open` does; what the source throws.
    public static func read(
        _ source: any ByteSource, name: String, _ context: ReadingContext
    ) throws -> ImageArchive {
        let files = try TarFiles(source, name: name, spool: context.spool, keepsLayers: context.keepsLayers)
        return try ImageArchive(files, context: context)
    }

    /// The type in the mode of what lies there.
    private static func kind(of path: FilePath) throws -> mode_t {
        var status = stat()
        if path.withPlatformString({ stat($0, &status) }) == 0 { return status.st_mode & S_IFMT }
        let error = Errno.current
        guard error == .noSuchFileOrDirectory || error == .notDirectory else {
            throw Failure.io("cannot open '\(path)'", error)
        }
        throw Failure(
            .data, "cannot read '\(path)'", why: "there is no such image",
            advice: "check the path: an archive, or the folder of an OCI layout")
    }

    /// The file if it is one that need not be decompressed.
    private static func plainFile(_ path: FilePath) throws -> FileRange? {
        let descriptor = path.withPlatformString { Glibc.open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw Failure.io("cannot open '\(path)'") }
        let file = try OpenFile(owning: descriptor, name: "'\(path)'")
        guard file.isRegular, try Compression(of: file.whole) == .none else { return nil }
        return file.whole
    }
}
