import Glibc
import Synchronization
import SystemPackage

/// What has to go when the program is ended from outside: half-made files, work folders, running scripts.
///
/// Whoever makes one says so before, and takes it back when it is gone or has become the output.
public final class Cleanup: Sendable {
    /// Signals come to the whole process, and so there is one.
    public static let shared = Cleanup()

    private struct Things {
        var files: Set<String> = []
        var folders: Set<String> = []
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
    func add(folder: FilePath) { things.withLock { _ = $0.folders.insert(folder.string) } }
    func remove(folder: FilePath) { things.withLock { _ = $0.folders.remove(folder.string) } }
    func add(group: pid_t) { things.withLock { _ = $0.groups.insert(group) } }
    func remove(group: pid_t) { things.withLock { _ = $0.groups.remove(group) } }

    /// Removes everything, and ends the process. What would make something new waits for ever.
    public func exit(_ status: Int32) -> Never {
        things.withLock { things in
            for group in things.groups {
                kill(-group, SIGKILL)
                // Those that it leaves are children of this process then, to be found.
                while waitpid(-group, nil, 0) > 0 || errno == EINTR {}
            }
            for file in things.files { unlink(file) }
            for folder in things.folders {
                Strays.end(of: FilePath(folder))
                // Other threads may still be filling it.
                for _ in 0..<100 where !FolderRemoval.remove(FilePath(folder)) { usleep(10_000) }
            }
            _exit(status)
        }
        _exit(status)
    }
}
