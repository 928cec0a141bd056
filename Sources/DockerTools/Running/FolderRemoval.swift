import Glibc
import SystemPackage

/// Removes a folder and all below it, never following a link.
enum FolderRemoval {
    /// Whether nothing is left.
    @discardableResult
    static func remove(_ folder: FilePath) -> Bool {
        let descriptor = folder.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
        if descriptor < 0 {
            guard errno == EACCES, folder.withPlatformString({ chmod($0, 0o700) }) == 0 else { return errno == ENOENT }
            return remove(folder)
        }
        empty(descriptor)
        return folder.withPlatformString { rmdir($0) } == 0 || errno == ENOENT
    }

    /// Removes what is in a folder, and closes its descriptor.
    private static func empty(_ folder: Int32) {
        // A script may have made folders read-only.
        fchmod(folder, 0o700)
        guard let stream = fdopendir(folder) else {
            close(folder)
            return
        }
        defer { closedir(stream) }
        while let item = readdir(stream) {
            let name = withUnsafePointer(to: &item.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1))
                }
            }
            if name == [46, 0] || name == [46, 46, 0] || unlinkat(folder, name, 0) == 0 { continue }
            fchmodat(folder, name, 0o700, AT_SYMLINK_NOFOLLOW)
            let child = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            if child >= 0 { empty(child) }
            unlinkat(folder, name, AT_REMOVEDIR)
        }
    }
}
