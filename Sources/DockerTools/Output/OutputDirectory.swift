import ByteIO
import CLinux
import Errors
import Glibc
import SystemPackage

/// A directory that is there whole or not at all: made beside its place, synced, and renamed. An OCI layout that stands there
/// is replaced, and nothing else.
final class OutputDirectory {
    /// Where to write: it is empty.
    let path: FilePath
    private let place: FilePath
    /// Locked while this process lives, so that what a killed one left is told from what another makes.
    private let lock: Int32
    private var isCommitted = false

    /// - Parameter place: where the directory is to be.
    /// - Throws: `ToolError` with code `usage` if something else stands there, `io` if it cannot be made.
    init(_ place: FilePath) throws {
        let place = place.place ?? place
        self.place = place
        try Self.check(place)
        let name = ".\(place.lastComponent?.string.prefix(50) ?? "").partial"
        var path = place.removingLastComponent().appending(name)
        if !Self.removeOrphan(path) { path = place.removingLastComponent().appending(".\(getpid())\(name)") }
        self.path = path
        Cleanup.shared.add(directory: path)
        guard path.withPlatformString({ mkdir($0, 0o755 & ~Umask.ofUser) }) == 0 else {
            let failure = ToolError.io("cannot make the directory \(place)")
            Cleanup.shared.remove(directory: path)
            throw failure
        }
        lock = path.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        flock(lock, LOCK_EX | LOCK_NB)
    }

    deinit {
        if !isCommitted {
            DirectoryRemoval.remove(path)
            Cleanup.shared.remove(directory: path)
        }
        if lock >= 0 { close(lock) }
    }

    /// Puts the directory in its place.
    ///
    /// - Throws: `ToolError` with code `io`.
    func commit() throws {
        for directory in [path.appending("blobs/sha256"), path.appending("blobs"), path] { directory.syncDirectory() }
        let isExchanged = path.withPlatformString { new in place.withPlatformString { clinux_exchange(new, $0) } } == 0
        // Nothing stands there, or the file system cannot exchange: then only an empty directory gives way.
        guard isExchanged || path.withPlatformString({ new in place.withPlatformString { rename(new, $0) } }) == 0
        else {
            throw ToolError.io("cannot write \(place)")
        }
        isCommitted = true
        if isExchanged { DirectoryRemoval.remove(path) }
        Cleanup.shared.remove(directory: path)
        place.removingLastComponent().syncDirectory()
    }

    /// Refuses what may not be replaced.
    private static func check(_ place: FilePath) throws {
        var status = stat()
        guard place.withPlatformString({ lstat($0, &status) }) == 0 else { return }
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        let isLayout = place.appending("oci-layout").withPlatformString { access($0, F_OK) } == 0
        guard isDirectory, isLayout || isEmpty(place) else {
            throw ToolError(
                .usage, "cannot write an OCI layout to \(place)",
                cause: isDirectory ? "it is a directory with something else in it" : "it is no directory",
                remedy: "name a new directory with --output")
        }
    }

    private static func isEmpty(_ directory: FilePath) -> Bool {
        guard let stream = directory.withPlatformString({ opendir($0) }) else { return false }
        defer { closedir(stream) }
        var count = 0
        while readdir(stream) != nil { count += 1 }
        return count <= 2
    }

    /// Removes a directory that no living process has locked; false if one has.
    private static func removeOrphan(_ path: FilePath) -> Bool {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) }
        guard descriptor >= 0 else { return errno == ENOENT }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return false }
        return DirectoryRemoval.remove(path)
    }
}
