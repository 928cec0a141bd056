import Glibc
import SystemPackage

extension FilePath {
    /// Makes a folder and those on the way to it, unless they are there.
    ///
    /// - Returns: whether it is there now, as far as the system said; else errno has the reason.
    public func makeFolders() -> Bool {
        if make() { return true }
        guard errno == ENOENT, components.count > 1 else { return false }
        return removingLastComponent().makeFolders() && make()
    }

    private func make() -> Bool { withPlatformString { mkdir($0, 0o755) } == 0 || errno == EEXIST }
}
