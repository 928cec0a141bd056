import Glibc
import SystemPackage

/// Where an image is: an archive, and which of the images in it.
public struct ImageLocation: Equatable, Sendable {
    /// The archive's path, `-` for standard input.
    public let path: FilePath
    /// `NAME:TAG` exactly as the archive has it; nil: the first image.
    public let name: String?

    public init(path: FilePath, name: String? = nil) {
        self.path = path
        self.name = name
    }

    /// - Parameter text: `PATH` or `PATH#NAME:TAG`. What is behind the last `#` is a name, unless a file with all of
    ///   `text` as its name is there.
    public init(_ text: String) {
        guard let mark = text.lastIndex(of: "#"), access(text, F_OK) != 0 else {
            self.init(path: FilePath(text))
            return
        }
        self.init(path: FilePath(String(text[..<mark])), name: String(text[text.index(after: mark)...]))
    }
}
