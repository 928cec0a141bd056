import Glibc
import Synchronization
package import SystemPackage

/// Registers everything that an interrupted operation would leave behind: partial files, work directories and process groups.
///
/// Operations add an entry before they create the thing, and remove it when the thing is gone or has become the output. A
/// program that is interrupted by a signal calls `empty(with:then:)`.
package final class CleanupRegistry: Sendable {
    private struct Entries {
        var files: Set<String> = []
        var directories: Set<String> = []
        var groups: Set<pid_t> = []
    }

    private let entries = Mutex(Entries())

    /// Creates an empty registry.
    package init() {}

    /// Adds the file that `make` creates, unless `make` returns a negative descriptor.
    func add(file: FilePath, make: () -> Int32) -> Int32 {
        entries.withLock { entries in
            let descriptor = make()
            if descriptor >= 0 { entries.files.insert(file.string) }
            return descriptor
        }
    }

    func remove(file: FilePath) { entries.withLock { _ = $0.files.remove(file.string) } }
    func add(directory: FilePath) { entries.withLock { _ = $0.directories.insert(directory.string) } }
    func remove(directory: FilePath) { entries.withLock { _ = $0.directories.remove(directory.string) } }
    func add(group: pid_t) { entries.withLock { _ = $0.groups.insert(group) } }

    /// Adds the process group that `make` starts, unless `make` returns a negative number: a signal comes either before the
    /// start or when the group is registered.
    func add(group make: () -> pid_t) {
        entries.withLock { entries in
            let group = make()
            if group > 0 { entries.groups.insert(group) }
        }
    }

    func remove(group: pid_t) { entries.withLock { _ = $0.groups.remove(group) } }

    /// Ends all processes, removes all files and directories, and then ends the program. Every other thread that adds or
    /// removes an entry is blocked until then.
    ///
    /// - Parameters:
    ///   - supervisor: ends the processes that scripts started outside of their process groups.
    ///   - exit: ends the program.
    package func empty(with supervisor: (any ProcessSupervisor)?, then exit: () -> Never) -> Never {
        entries.withLock { entries in
            for group in entries.groups {
                kill(-group, SIGKILL)
                // Orphans of the group become children of this process only when its members have been waited for.
                while waitpid(-group, nil, 0) > 0 || errno == EINTR {}
            }
            for file in entries.files { unlink(file) }
            for directory in entries.directories {
                supervisor?.endOrphans(of: FilePath(directory))
                // Other threads may still add files to the directory.
                for _ in 0..<100 where !DirectoryRemoval.remove(FilePath(directory)) { usleep(10_000) }
            }
            exit()
        }
        exit()
    }
}

/// Ends processes that a script started outside of its process group, such as daemons.
///
/// Only a program can do this, not a library: it has to become the parent of all orphans of its descendants.
package protocol ProcessSupervisor: Sendable {
    /// Makes this process the parent of all orphans among its descendants. It is called before each script.
    func adoptOrphans()

    /// Ends the orphans of a script and waits for them.
    ///
    /// - Parameter workDirectory: the work directory of the script, which the script's environment names.
    func endOrphans(of workDirectory: FilePath)
}
