import ByteIO
import Errors
import Glibc
import SystemPackage

/// An output file that becomes visible as a whole: it is written beside its final path, synced, and renamed.
///
/// An existing device or pipe is written to directly.
final class OutputFile {
    /// The descriptor to write to.
    let descriptor: Int32
    private let path: FilePath
    private let temporary: FilePath?
    /// Permission bits of the finished file.
    private let mode: mode_t
    private let cleanup: CleanupRegistry
    private var isCommitted = false

    /// Creates the partial file.
    ///
    /// - Parameters:
    ///   - path: the final path; links are followed.
    ///   - onlyRegular: whether an existing device or pipe is an error.
    /// - Throws: `ToolError` with code `io`, or `usage` for a directory, a device or a pipe that cannot be replaced.
    init(_ path: FilePath, _ context: Context, onlyRegular: Bool = false) throws {
        // A link stays; the file that it refers to is replaced.
        let path = path.real ?? path
        self.path = path
        mode = 0o666 & ~context.fileCreationMask
        cleanup = context.cleanup
        var status = stat()
        let isThere = path.withPlatformString { stat($0, &status) } == 0
        let kind = status.st_mode & S_IFMT
        if isThere, kind == S_IFDIR {
            throw ToolError(
                .usage, "cannot write to \(path)", cause: "it is a directory",
                remedy: "name a file in it with \(.output)"
            )
        }
        if isThere, kind != S_IFREG {
            guard !onlyRegular else {
                throw ToolError(
                    .usage, "cannot write to \(path)", cause: "it is not a regular file",
                    remedy: "name a file with \(.output)")
            }
            temporary = nil
            descriptor = path.withPlatformString { open($0, O_WRONLY | O_CLOEXEC) }
        } else {
            let partial = PartialFile(beside: path, cleanup)
            (temporary, descriptor) = (partial.path, partial.descriptor)
        }
        guard descriptor >= 0 else { throw ToolError.io("cannot write \(path)") }
    }

    /// The path of the file while it is being written.
    var partial: FilePath { temporary ?? path }

    /// The size of the file in bytes.
    var size: UInt64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt64(status.st_size) : 0
    }

    /// Syncs the file and renames it to its final path.
    ///
    /// - Throws: `ToolError` with code `io`.
    func commit() throws {
        guard let temporary else { return }
        guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0,
            temporary.withPlatformString({ old in path.withPlatformString { rename(old, $0) } }) == 0
        else { throw ToolError.io("cannot write \(path)") }
        isCommitted = true
        cleanup.remove(file: temporary)
        path.removingLastComponent().syncDirectory()
    }

    deinit {
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard let temporary, !isCommitted else { return }
        // The file is still locked, so no other process has taken it over.
        temporary.withPlatformString { _ = unlink($0) }
        cleanup.remove(file: temporary)
    }
}

extension OutputFile {
    /// Writes a text to a file; an error leaves the old file.
    ///
    /// - Throws: `ToolError` with code `io`.
    static func write(_ text: String, to path: String, _ context: Context) throws {
        let file = try OutputFile(context.currentDirectory.pushing(FilePath(path)), context)
        try DescriptorSink(file.descriptor, name: path).write(Array(text.utf8))
        try file.commit()
    }
}

/// The partial file beside an output's final path.
///
/// The file is hidden, and locked as long as its process runs. An unlocked partial file is the orphan of a killed process
/// and is replaced.
struct PartialFile {
    let path: FilePath
    /// A descriptor for writing; negative if the file could not be created, with the reason in errno.
    let descriptor: Int32

    /// The maximum number of characters of the output's name in the partial file's name. Most file systems allow names of
    /// 255 bytes, and a character has up to 4 bytes.
    private static let nameLimit = 50

    /// Creates a partial file and registers it for cleanup.
    init(beside place: FilePath, _ cleanup: CleanupRegistry) {
        let name = ".\(place.lastComponent?.string.prefix(Self.nameLimit) ?? "")"
        let directory = place.removingLastComponent()
        let shared = directory.appending("\(name).partial")
        Self.removeOrphan(shared)
        let descriptor = Self.make(shared, cleanup)
        if descriptor < 0, errno == EEXIST {
            // Another process is writing the same output.
            let own = directory.appending("\(name).\(getpid()).partial")
            own.withPlatformString { _ = unlink($0) }
            (path, self.descriptor) = (own, Self.make(own, cleanup))
        } else {
            (path, self.descriptor) = (shared, descriptor)
        }
    }

    /// Creates and locks a file; returns its descriptor, or a negative number.
    private static func make(_ path: FilePath, _ cleanup: CleanupRegistry) -> Int32 {
        cleanup.add(file: path) {
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
            let descriptor = path.withPlatformString { open($0, flags, mode_t(0o600)) }
            guard descriptor >= 0 else { return descriptor }
            // Some file systems have no locks; there, no file counts as an orphan.
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK, isAt(path, descriptor) {
                return descriptor
            }
            // Another process removed the file as an orphan before it was locked.
            close(descriptor)
            errno = EEXIST
            return -1
        }
    }

    /// Removes a file unless a running process has locked it.
    private static func removeOrphan(_ path: FilePath) {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) }
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // A process that replaces the file needs this lock first.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, isAt(path, descriptor) else { return }
        path.withPlatformString { _ = unlink($0) }
    }

    /// Returns whether an open file is the one at a path.
    private static func isAt(_ path: FilePath, _ descriptor: Int32) -> Bool {
        var (file, place) = (stat(), stat())
        return fstat(descriptor, &file) == 0 && path.withPlatformString { lstat($0, &place) } == 0
            && file.st_dev == place.st_dev && file.st_ino == place.st_ino
    }
}
