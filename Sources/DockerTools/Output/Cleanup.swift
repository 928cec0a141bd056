import Glibc
import Synchronization
import SystemPackage

/// What has to go when the program is ended from outside: half-made files, work directories, running scripts.
///
/// Whoever makes one says so before, and takes it back when it is gone or has become the output.
package final class Cleanup: Sendable {
    /// Signals come to the whole process, and so there is one.
    package static let shared = Cleanup()

    private struct Things {
        var files: Set<String> = []
        var directories: Set<String> = []
        var groups: Set<pid_t> = []
    }

    private let things = Mutex(Things())

    private init() {}

    /// Adds the file that `make` makes, unless it gives a negative descriptor.
    func add(file: FilePath, make: () -> Int32) -> Int32 {
        things.withLock { things in
            let descriptor = make()
            if descriptor >= 0 { things.files.insert(file.string) }
            return descriptor
        }
    }

    func remove(file: FilePath) { things.withLock { _ = $0.files.remove(file.string) } }
    func add(directory: FilePath) { things.withLock { _ = $0.directories.insert(directory.string) } }
    func remove(directory: FilePath) { things.withLock { _ = $0.directories.remove(directory.string) } }
    func add(group: pid_t) { things.withLock { _ = $0.groups.insert(group) } }
    func remove(group: pid_t) { things.withLock { _ = $0.groups.remove(group) } }

    /// Removes everything, and ends the process. What would make something new waits for ever.
    package func exit(_ status: Int32) -> Never {
        things.withLock { things in
            for group in things.groups {
                kill(-group, SIGKILL)
                // Those that it leaves are children of this process then, to be found.
                while waitpid(-group, nil, 0) > 0 || errno == EINTR {}
            }
            for file in things.files { unlink(file) }
            for directory in things.directories {
                OrphanReaper.end(of: FilePath(directory))
                // Other threads may still be filling it.
                for _ in 0..<100 where !DirectoryRemoval.remove(FilePath(directory)) { usleep(10_000) }
            }
            _exit(status)
        }
        _exit(status)
    }
}

/// The file mode mask. It must not show in images, and so the program has one of its own, which its scripts get too; the
/// user's is for the outputs alone.
package enum Umask {
    /// The mask that the program was started with.
    static let ofUser = umask(ofImages)

    private static let ofImages: mode_t = 0o022

    /// Sets the program's own mask. To be called before the first file is made.
    package static func set() { _ = ofUser }
}
