import Glibc
import SystemPackage

extension FilePath {
    /// Has the names in the folder last, as what is in its files does once they are synced. Some file systems cannot, and
    /// need not. The empty path is the current folder.
    func syncFolder() {
        let folder = (isEmpty ? "." : self).withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }
}
