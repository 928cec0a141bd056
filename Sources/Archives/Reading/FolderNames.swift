import Failures
import Glibc
import SystemPackage

/// What lies in a folder.
public enum FolderNames {
    /// The names, in order, without those that begin with a dot.
    ///
    /// - Throws: `Errno`.
    public static func read(_ folder: FilePath) throws -> [String] {
        guard let stream = folder.withPlatformString({ opendir($0) }) else { throw Errno.current }
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
