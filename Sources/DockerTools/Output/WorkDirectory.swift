import ByteIO
import Errors
import Glibc
import SystemPackage

/// A temporary directory in `$TMPDIR` that is removed when the object is destroyed or the program is interrupted.
final class WorkDirectory: Sendable {
    let path: FilePath
    private let cleanup: CleanupRegistry

    /// Creates the directory.
    ///
    /// - Throws: `ToolError` with code `io`.
    init(_ context: Context) throws {
        cleanup = context.cleanup
        // The path is absolute because scripts run in another directory.
        let base = context.temporaryDirectory
        let name = "dockertools-\(getpid())-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        path = base.appending(name)
        cleanup.add(directory: path)
        guard path.withPlatformString({ mkdir($0, 0o700) }) == 0 else {
            let failure = ToolError.io(
                "cannot create a work directory in \(base)", remedy: "set TMPDIR to a writable directory")
            cleanup.remove(directory: path)
            throw failure
        }
    }

    deinit {
        DirectoryRemoval.remove(path)
        cleanup.remove(directory: path)
    }

    /// Creates a file in the directory.
    ///
    /// - Throws: `ToolError` with code `io`; what `write` throws.
    @discardableResult
    func write(_ name: String, _ write: (any ByteSink) throws -> Void) throws -> FilePath {
        let file = path.appending(name)
        let descriptor = file.withPlatformString { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(0o600)) }
        guard descriptor >= 0 else { throw ToolError.io("cannot write \(file)") }
        defer { close(descriptor) }
        try write(DescriptorSink(descriptor, name: "\(file)"))
        return file
    }

    /// Creates a directory in the directory.
    ///
    /// - Throws: `ToolError` with code `io`.
    func makeDirectory(_ name: String) throws -> FilePath {
        let directory = path.appending(name)
        guard directory.withPlatformString({ mkdir($0, 0o755) }) == 0 else {
            throw ToolError.io("cannot create the directory \(directory)")
        }
        return directory
    }
}

/// Removes a directory and everything below it without following links.
///
/// Inner directories are moved up into the directory itself, so that two descriptors suffice at any depth.
struct DirectoryRemoval {
    /// Removes a directory.
    ///
    /// - Returns: whether nothing exists at the path now.
    @discardableResult
    static func remove(_ directory: FilePath) -> Bool {
        let descriptor = directory.withPlatformString { name in open(AT_FDCWD, name) }
        guard descriptor >= 0 else { return errno == ENOENT }
        defer { close(descriptor) }
        var removal = DirectoryRemoval(root: descriptor)
        removal.empty()
        return directory.withPlatformString { rmdir($0) } == 0 || errno == ENOENT || removeAsOwner(directory)
    }

    /// Removes a directory with files that belong to the user's subordinate IDs, as root of a user namespace that maps them.
    private static func removeAsOwner(_ directory: FilePath) -> Bool {
        guard geteuid() != 0 else { return false }
        let command = RootEmulation.namespace + ["--", "rm", "-rf", "--", directory.string]
        var arguments = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
        }
        var process: pid_t = 0
        guard posix_spawnp(&process, command[0], &actions, nil, &arguments, environ) == 0 else { return false }
        while waitpid(process, nil, 0) < 0, errno == EINTR {}
        var status = stat()
        return directory.withPlatformString { lstat($0, &status) } != 0 && errno == ENOENT
    }

    private let root: Int32
    /// The number in the name of the last directory that was moved up.
    private var number = 0

    private init(root: Int32) {
        self.root = root
    }

    private mutating func empty() {
        while true {
            let directories = Self.unlinkFiles(in: root)
            // Without progress in a round, the remaining directories cannot be removed.
            guard directories.reduce(false, { clear($1) || $0 }) else { return }
        }
    }

    /// Removes a directory in the root, or moves up the directories in it.
    ///
    /// - Returns: whether anything was removed or moved.
    private mutating func clear(_ name: [CChar]) -> Bool {
        if unlinkat(root, name, AT_REMOVEDIR) == 0 { return true }
        let directory = Self.open(root, name)
        guard directory >= 0 else { return false }
        defer { close(directory) }
        var isMoved = false
        for inner in Self.unlinkFiles(in: directory) where unlinkat(directory, inner, AT_REMOVEDIR) != 0 {
            isMoved = moveUp(inner, from: directory) || isMoved
        }
        return unlinkat(root, name, AT_REMOVEDIR) == 0 || isMoved
    }

    private mutating func moveUp(_ name: [CChar], from directory: Int32) -> Bool {
        // Moving a directory writes its `..` entry, so it has to be writable.
        fchmodat(directory, name, 0o700, AT_SYMLINK_NOFOLLOW)
        while true {
            number += 1
            if renameat(directory, name, root, ".\(number)") == 0 { return true }
            guard [EEXIST, ENOTEMPTY, ENOTDIR].contains(errno) else { return false }
        }
    }

    /// Removes everything but directories from a directory.
    ///
    /// - Returns: the names of the directories.
    private static func unlinkFiles(in directory: Int32) -> [[CChar]] {
        let descriptor = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0, let stream = fdopendir(descriptor) else {
            if descriptor >= 0 { close(descriptor) }
            return []
        }
        defer { closedir(stream) }
        var directories: [[CChar]] = []
        while let item = readdir(stream) {
            let name = withUnsafePointer(to: &item.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1))
                }
            }
            if name == [46, 0] || name == [46, 46, 0] || unlinkat(directory, name, 0) == 0 { continue }
            directories.append(name)
        }
        return directories
    }

    /// Opens a directory that a script may have made unreadable or read-only, so that it can be emptied.
    private static func open(_ parent: Int32, _ name: UnsafePointer<CChar>) -> Int32 {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        var directory = openat(parent, name, flags)
        if directory < 0, errno == EACCES, fchmodat(parent, name, 0o700, AT_SYMLINK_NOFOLLOW) == 0 {
            directory = openat(parent, name, flags)
        }
        if directory >= 0 { fchmod(directory, 0o700) }
        return directory
    }
}
