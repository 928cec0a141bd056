import Glibc
import SystemPackage

extension FilePath {
    /// The path without links on the way and at the end; nil if there is nothing there.
    var real: FilePath? {
        guard let real = withPlatformString({ realpath($0, nil) }) else { return nil }
        defer { free(real) }
        return FilePath(platformString: real)
    }
}
