import Errors
import Glibc
package import SystemPackage

/// What lies in a directory.
package enum DirectoryNames {
    /// The names, in order, without those that begin with a dot.
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
    /// Makes a directory and those on the way to it, unless they are there.
    ///
    /// - Returns: whether it is there now, as far as the system said; else errno has the reason.
    package func makeDirectories() -> Bool {
        if make() { return true }
        guard errno == ENOENT, components.count > 1 else { return false }
        return removingLastComponent().makeDirectories() && make()
    }

    private func make() -> Bool { withPlatformString { mkdir($0, 0o755) } == 0 || errno == EEXIST }
}

extension FilePath {
    /// The path without links on the way and at the end; nil if there is nothing there.
    package var real: FilePath? {
        guard let real = withPlatformString({ realpath($0, nil) }) else { return nil }
        defer { free(real) }
        return FilePath(platformString: real)
    }

    /// The path without links, of something that need not be there yet; nil if its directory is not there.
    package var place: FilePath? {
        if let real { return real }
        let directory = removingLastComponent()
        guard let name = lastComponent, let real = (directory.isEmpty ? "." : directory).real else { return nil }
        return real.appending(name)
    }
}

extension FilePath {
    /// Has the names in the directory last, as what is in its files does once they are synced. Some file systems cannot, and
    /// need not. The empty path is the current directory.
    package func syncDirectory() {
        let directory = (isEmpty ? "." : self).withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }
}
