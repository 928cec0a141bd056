import Errors
import Glibc
package import SystemPackage

/// Lists directories.
package enum DirectoryNames {
    /// Lists the names in a directory, sorted, without names that begin with a dot.
    ///
    /// - Throws: `Errno`.
    package static func read(_ directory: FilePath) throws -> [String] {
        guard let stream = directory.withPlatformString({ opendir($0) }) else { throw Errno.current }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let item = readdir(stream) else { break }
            let start = UnsafeRawPointer(item) + (MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 0)
            let name = String(cString: start.assumingMemoryBound(to: CChar.self))
            if !name.hasPrefix(".") { names.append(name) }
        }
        guard errno == 0 else { throw Errno.current }
        return names.sorted()
    }
}

extension FilePath {
    /// Creates the directory and its missing parents.
    ///
    /// - Returns: whether the path exists; if not, `errno` has the reason.
    package func makeDirectories() -> Bool {
        if make() { return true }
        guard errno == ENOENT, components.count > 1 else { return false }
        return removingLastComponent().makeDirectories() && make()
    }

    private func make() -> Bool { withPlatformString { mkdir($0, 0o755) } == 0 || errno == EEXIST }
}

extension FilePath {
    /// The absolute path with all symbolic links resolved; nil if it does not exist.
    package var real: FilePath? {
        guard let real = withPlatformString({ realpath($0, nil) }) else { return nil }
        defer { free(real) }
        return FilePath(platformString: real)
    }

    /// The absolute path with all symbolic links resolved, of a file that may not exist yet; nil if its directory does
    /// not exist.
    package var place: FilePath? {
        if let real { return real }
        let directory = removingLastComponent()
        guard let name = lastComponent, let real = (directory.isEmpty ? "." : directory).real else { return nil }
        return real.appending(name)
    }
}

extension FilePath {
    /// Syncs the names in the directory to the disk; syncing a file does not sync its name.
    ///
    /// Errors are ignored: some file systems do not support it. The empty path is the current directory.
    package func syncDirectory() {
        let directory = (isEmpty ? "." : self).withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }
}
