import Archives
import Failures
import Glibc
import SystemPackage

extension ImageArchive {
    /// Reads an archive or a folder.
    ///
    /// - Parameter path: an archive, compressed or not; a folder; or `-` for standard input.
    /// - Throws: `Failure` with code `data` if it is damaged, holds no image, or contradicts itself; with `io` if it cannot
    ///   be read.
    public static func open(_ path: FilePath, _ context: ReadingContext) throws -> ImageArchive {
        if path != "-", isFolder(path) { return try ImageArchive(FolderFiles(path), context: context) }
        if let file = try plainFile(path) { return try ImageArchive(TarFiles(file), context: context) }
        let source = try ArchiveSource.open(path)
        let files = try TarFiles(
            source, name: source.name, spool: context.spool, keepsLayers: context.keepsLayers)
        return try ImageArchive(files, context: context)
    }

    private static func isFolder(_ path: FilePath) -> Bool {
        var status = stat()
        return path.withPlatformString { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The file if it is one that need not be decompressed: nil for a pipe, for standard input too.
    private static func plainFile(_ path: FilePath) throws -> FileRange? {
        guard path != "-" else { return nil }
        let descriptor = path.withPlatformString { Glibc.open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw Failure.io("cannot open '\(path)'") }
        let file = try OpenFile(owning: descriptor, name: "'\(path)'")
        guard file.isRegular, try Compression(of: file.whole) == .none else { return nil }
        return file.whole
    }
}
