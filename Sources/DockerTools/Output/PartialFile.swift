import Glibc
import SystemPackage

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
        let folder = place.removingLastComponent()
        let shared = folder.appending("\(name).partial")
        Self.removeOrphan(shared)
        let descriptor = Self.make(shared)
        if descriptor < 0, errno == EEXIST {
            // Another process makes the same output at the same time.
            let own = folder.appending("\(name).\(getpid()).partial")
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
