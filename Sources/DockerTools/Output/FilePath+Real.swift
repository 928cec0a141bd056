import Glibc
import SystemPackage

extension FilePath {
    /// The path without links on the way and at the end; nil if there is nothing there.
    var real: FilePath? {
        guard let real = withPlatformString({ realpath($0, nil) }) else { return nil }
        defer { free(real) }
        return FilePath(platformString: real)
    }

    /// The path without links, of something that need not be there yet; nil if its folder is not there.
    var place: FilePath? {
        if let real { return real }
        let folder = removingLastComponent()
        guard let name = lastComponent, let real = (folder.isEmpty ? "." : folder).real else { return nil }
        return real.appending(name)
    }
}
