import Glibc
import SystemPackage

/// Removes a folder and all below it, never following a link.
///
/// Folders inside are moved up into the folder itself: two descriptors are enough however deep they lie.
struct FolderRemoval {
    /// Whether nothing is left.
    @discardableResult
    static func remove(_ folder: FilePath) -> Bool {
        let descriptor = folder.withPlatformString { name in open(AT_FDCWD, name) }
        guard descriptor >= 0 else { return errno == ENOENT }
        defer { close(descriptor) }
        var removal = FolderRemoval(root: descriptor)
        removal.empty()
        return folder.withPlatformString { rmdir($0) } == 0 || errno == ENOENT || removeAsOwner(folder)
    }

    /// Removes a folder in which things belong to the user's subordinate ids, as root of a namespace that has those.
    private static func removeAsOwner(_ folder: FilePath) -> Bool {
        guard geteuid() != 0 else { return false }
        let command = BelievedRoot.namespace + ["--", "rm", "-rf", "--", folder.string]
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
        return folder.withPlatformString { lstat($0, &status) } != 0 && errno == ENOENT
    }

    private let root: Int32
    /// Names the folders that were moved up.
    private var number = 0

    private init(root: Int32) {
        self.root = root
    }

    private mutating func empty() {
        while true {
            let folders = Self.unlinkFiles(in: root)
            // Where no folder goes or comes up there is no use in going on.
            guard folders.reduce(false, { clear($1) || $0 }) else { return }
        }
    }

    /// Removes a folder in the root, and moves up the folders in it: whether that came to anything.
    private mutating func clear(_ name: [CChar]) -> Bool {
        if unlinkat(root, name, AT_REMOVEDIR) == 0 { return true }
        let folder = Self.open(root, name)
        guard folder >= 0 else { return false }
        defer { close(folder) }
        var isMoved = false
        for inner in Self.unlinkFiles(in: folder) where unlinkat(folder, inner, AT_REMOVEDIR) != 0 {
            isMoved = moveUp(inner, from: folder) || isMoved
        }
        return unlinkat(root, name, AT_REMOVEDIR) == 0 || isMoved
    }

    private mutating func moveUp(_ name: [CChar], from folder: Int32) -> Bool {
        // A folder that moves is itself written to.
        fchmodat(folder, name, 0o700, AT_SYMLINK_NOFOLLOW)
        while true {
            number += 1
            if renameat(folder, name, root, ".\(number)") == 0 { return true }
            guard [EEXIST, ENOTEMPTY, ENOTDIR].contains(errno) else { return false }
        }
    }

    /// Removes all but the folders from a folder.
    ///
    /// - Returns: the names of those.
    private static func unlinkFiles(in folder: Int32) -> [[CChar]] {
        let descriptor = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0, let stream = fdopendir(descriptor) else {
            if descriptor >= 0 { close(descriptor) }
            return []
        }
        defer { closedir(stream) }
        var folders: [[CChar]] = []
        while let item = readdir(stream) {
            let name = withUnsafePointer(to: &item.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1))
                }
            }
            if name == [46, 0] || name == [46, 46, 0] || unlinkat(folder, name, 0) == 0 { continue }
            folders.append(name)
        }
        return folders
    }

    /// Opens a folder that a script may have made unreadable or read-only, so that it can be emptied.
    private static func open(_ parent: Int32, _ name: UnsafePointer<CChar>) -> Int32 {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        var folder = openat(parent, name, flags)
        if folder < 0, errno == EACCES, fchmodat(parent, name, 0o700, AT_SYMLINK_NOFOLLOW) == 0 {
            folder = openat(parent, name, flags)
        }
        if folder >= 0 { fchmod(folder, 0o700) }
        return folder
    }
}
