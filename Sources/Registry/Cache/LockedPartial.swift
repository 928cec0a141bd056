import Glibc
import SystemPackage

/// The file of a blob that is on its way, locked by this process: no other fetches the same blob, or prunes the file.
struct LockedPartial: ~Copyable {
    let path: FilePath
    /// Open for reading and writing, at its start.
    let descriptor: Int32

    private init(path: FilePath, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// What came of trying to open one.
    enum Attempt: ~Copyable {
        case locked(LockedPartial)
        /// Another process has put it in its place, or removed it, meanwhile.
        case gone
        /// The folder cannot be written, or knows no locks.
        case impossible(Errno)
    }

    /// Opens or makes the file, and waits until no other process has it.
    ///
    /// - Parameter waiting: is called if it must wait.
    static func open(_ path: FilePath, waiting: () -> Void) -> Attempt {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = path.withPlatformString { Glibc.open($0, flags, mode_t(0o600)) }
        guard descriptor >= 0 else { return .impossible(Errno(rawValue: errno)) }
        let partial = LockedPartial(path: path, descriptor: descriptor)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return .impossible(.fileExists)
        }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK else { return .impossible(Errno(rawValue: errno)) }
            waiting()
            while flock(descriptor, LOCK_EX) != 0 {
                guard errno == EINTR else { return .impossible(Errno(rawValue: errno)) }
            }
        }
        return partial.isInPlace ? .locked(partial) : .gone
    }

    /// Removes the file of a blob that nobody fetches; false if somebody does.
    static func removeUnlocked(_ path: FilePath) -> Bool {
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = path.withPlatformString { Glibc.open($0, flags) }
        guard descriptor >= 0 else { return false }
        let partial = LockedPartial(path: path, descriptor: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, partial.isInPlace else { return false }
        return partial.remove()
    }

    @discardableResult
    borrowing func remove() -> Bool { path.withPlatformString { unlink($0) } == 0 }

    /// Whether the file is still what lies at its path.
    private var isInPlace: Bool {
        var (file, place) = (stat(), stat())
        return fstat(descriptor, &file) == 0 && path.withPlatformString { lstat($0, &place) } == 0
            && file.st_dev == place.st_dev && file.st_ino == place.st_ino
    }
}
