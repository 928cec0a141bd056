import Glibc
import SystemPackage

/// What lies in a folder.
enum FolderNames {
    /// The names, in order, without those that begin with a dot.
    ///
    /// - Throws: `Errno`.
    static func read(_ folder: FilePath) throws -> [String] {
        guard let stream = folder.withPlatformString({ opendir($0) }) else { throw Errno.current }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: UInt8.self, capacity: 256) { String(decodingCString: $0, as: UTF8.self) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}
