import ByteIO
import CLinux
import Errors
import Glibc
import SystemPackage

/// An output directory that becomes visible as a whole: it is written beside its final path, synced, and renamed. It
/// replaces an existing OCI layout or an empty directory, and nothing else.
final class OutputDirectory {
    /// The empty directory to write to.
    let path: FilePath
    private let place: FilePath
    /// A lock as long as this process runs: an unlocked partial directory is the orphan of a killed process.
    private let lock: Int32
    private let cleanup: CleanupRegistry
    private var isCommitted = false

    /// Creates the partial directory.
    ///
    /// - Parameter place: the final path.
    /// - Throws: `ToolError` with code `usage` if something else exists at the path, `io` if the directory cannot be created.
    init(_ place: FilePath, _ context: Context) throws {
        cleanup = context.cleanup
        let place = place.place ?? place
        self.place = place
        try Self.check(place)
        let name = ".\(place.lastComponent?.string.prefix(50) ?? "").partial"
        var path = place.removingLastComponent().appending(name)
        if !Self.removeOrphan(path) { path = place.removingLastComponent().appending(".\(getpid())\(name)") }
        self.path = path
        cleanup.add(directory: path)
        guard path.withPlatformString({ mkdir($0, 0o755 & ~context.fileCreationMask) }) == 0 else {
            let failure = ToolError.io("cannot create the directory \(place)")
            cleanup.remove(directory: path)
            throw failure
        }
        lock = path.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        flock(lock, LOCK_EX | LOCK_NB)
    }

    deinit {
        if !isCommitted {
            DirectoryRemoval.remove(path)
            cleanup.remove(directory: path)
        }
        if lock >= 0 { close(lock) }
    }

    /// Syncs the directory and renames it to its final path.
    ///
    /// - Throws: `ToolError` with code `io`.
    func commit() throws {
        for directory in [path.appending("blobs/sha256"), path.appending("blobs"), path] { directory.syncDirectory() }
        let isExchanged = path.withPlatformString { new in place.withPlatformString { clinux_exchange(new, $0) } } == 0
        // The exchange fails if nothing exists at the path or the file system does not support it. rename(2) replaces an
        // empty directory only.
        guard isExchanged || path.withPlatformString({ new in place.withPlatformString { rename(new, $0) } }) == 0
        else {
            throw ToolError.io("cannot write \(place)")
        }
        isCommitted = true
        if isExchanged { DirectoryRemoval.remove(path) }
        cleanup.remove(directory: path)
        place.removingLastComponent().syncDirectory()
    }

    /// Checks that whatever exists at the path may be replaced.
    private static func check(_ place: FilePath) throws {
        var status = stat()
        guard place.withPlatformString({ lstat($0, &status) }) == 0 else { return }
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        let isLayout = place.appending("oci-layout").withPlatformString { access($0, F_OK) } == 0
        guard isDirectory, isLayout || isEmpty(place) else {
            throw ToolError(
                .usage, "cannot write an OCI layout to \(place)",
                cause: isDirectory ? "it is a directory with something else in it" : "it is not a directory",
                remedy: "name a new directory with \(.output)")
        }
    }

    private static func isEmpty(_ directory: FilePath) -> Bool {
        guard let stream = directory.withPlatformString({ opendir($0) }) else { return false }
        defer { closedir(stream) }
        var count = 0
        while readdir(stream) != nil { count += 1 }
        return count <= 2
    }

    /// Removes a directory unless a running process has locked it.
    ///
    /// - Returns: whether nothing exists at the path now.
    private static func removeOrphan(_ path: FilePath) -> Bool {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) }
        guard descriptor >= 0 else { return errno == ENOENT }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return false }
        return DirectoryRemoval.remove(path)
    }
}
