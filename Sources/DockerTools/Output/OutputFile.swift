import ByteIO
import Errors
import Glibc
import SystemPackage

/// A file that is there whole or not at all: written beside its place, synced, and renamed.
///
/// Where a device or a pipe stands at the path, it is written to as it is.
final class OutputFile {
    /// Where to write.
    let descriptor: Int32
    private let path: FilePath
    private let temporary: FilePath?
    private var isCommitted = false

    /// - Parameters:
    ///   - path: where the file is to be; links are followed.
    ///   - onlyRegular: whether devices and pipes are refused.
    /// - Throws: `ToolError` with code `io`, or `usage` for a directory, and for what else is refused.
    init(_ path: FilePath, onlyRegular: Bool = false) throws {
        // The file that a link stands for is replaced, and not the link.
        let path = path.real ?? path
        self.path = path
        var status = stat()
        let isThere = path.withPlatformString { stat($0, &status) } == 0
        let kind = status.st_mode & S_IFMT
        if isThere, kind == S_IFDIR {
            throw ToolError(
                .usage, "cannot write to \(path)", cause: "it is a directory", remedy: "name a file in it with --output"
            )
        }
        if isThere, kind != S_IFREG {
            guard !onlyRegular else {
                throw ToolError(
                    .usage, "cannot write to \(path)", cause: "it is no regular file",
                    remedy: "name a file with --output"
                )
            }
            temporary = nil
            descriptor = path.withPlatformString { open($0, O_WRONLY | O_CLOEXEC) }
        } else {
            let partial = PartialFile(beside: path)
            (temporary, descriptor) = (partial.path, partial.descriptor)
        }
        guard descriptor >= 0 else { throw ToolError.io("cannot write \(path)") }
    }

    /// The path of what is written.
    var partial: FilePath { temporary ?? path }

    /// Bytes that are in it.
    var size: UInt64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt64(status.st_size) : 0
    }

    /// Puts the file in its place.
    ///
    /// - Throws: `ToolError` with code `io`.
    func commit() throws {
        guard let temporary else { return }
        guard fchmod(descriptor, 0o666 & ~Umask.ofUser) == 0, fsync(descriptor) == 0,
            temporary.withPlatformString({ old in path.withPlatformString { rename(old, $0) } }) == 0
        else { throw ToolError.io("cannot write \(path)") }
        isCommitted = true
        Cleanup.shared.remove(file: temporary)
        path.removingLastComponent().syncDirectory()
    }

    deinit {
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard let temporary, !isCommitted else { return }
        // Still locked, so that it is nobody else's yet.
        temporary.withPlatformString { _ = unlink($0) }
        Cleanup.shared.remove(file: temporary)
    }
}

extension OutputFile {
    /// Writes a text to a file, whole or not at all.
    ///
    /// - Throws: `ToolError` with code `io`.
    static func write(_ text: String, to path: String) throws {
        let file = try OutputFile(FilePath(path))
        try DescriptorSink(file.descriptor, name: path).write(Array(text.utf8))
        try file.commit()
    }
}

/// The half-made file beside an output's place. It is hidden, and locked while its process lives: so what a killed one
/// left is told from what another makes, and replaced.
struct PartialFile {
    let path: FilePath
    /// Open for writing; negative if it cannot be made, with the reason in errno.
    let descriptor: Int32

    /// The most characters of the output's name in it: with what comes around them not too long for any file system.
    private static let nameLimit = 50

    /// Makes one, and says so to `Cleanup`.
    init(beside place: FilePath) {
        let name = ".\(place.lastComponent?.string.prefix(Self.nameLimit) ?? "")"
        let directory = place.removingLastComponent()
        let shared = directory.appending("\(name).partial")
        Self.removeOrphan(shared)
        let descriptor = Self.make(shared)
        if descriptor < 0, errno == EEXIST {
            // Another process makes the same output at the same time.
            let own = directory.appending("\(name).\(getpid()).partial")
            own.withPlatformString { _ = unlink($0) }
            (path, self.descriptor) = (own, Self.make(own))
        } else {
            (path, self.descriptor) = (shared, descriptor)
        }
    }

    /// A locked new file, or a negative number.
    private static func make(_ path: FilePath) -> Int32 {
        Cleanup.shared.add(file: path) {
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
            let descriptor = path.withPlatformString { open($0, flags, mode_t(0o600)) }
            guard descriptor >= 0 else { return descriptor }
            // Where there are no locks none is taken for an orphan.
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK, isAt(path, descriptor) {
                return descriptor
            }
            // Another process took it for one before it was locked.
            close(descriptor)
            errno = EEXIST
            return -1
        }
    }

    /// Removes a file that no living process has locked.
    private static func removeOrphan(_ path: FilePath) {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) }
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // Whoever would put another file there has to have this lock before.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, isAt(path, descriptor) else { return }
        path.withPlatformString { _ = unlink($0) }
    }

    /// Whether an open file is the one at a path.
    private static func isAt(_ path: FilePath, _ descriptor: Int32) -> Bool {
        var (file, place) = (stat(), stat())
        return fstat(descriptor, &file) == 0 && path.withPlatformString { lstat($0, &place) } == 0
            && file.st_dev == place.st_dev && file.st_ino == place.st_ino
    }
}
