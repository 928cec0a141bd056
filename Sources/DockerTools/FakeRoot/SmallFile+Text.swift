import Archives
import SystemPackage

extension SmallFile {
    /// The text of a file of the kernel's, or of a few words.
    static func text(_ path: FilePath) throws -> String {
        String(decoding: try read(path, limit: 1 << 16), as: UTF8.self)
    }
}
