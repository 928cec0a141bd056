import Failures
import SystemPackage

/// A file of holes: it takes no room before something is written to it.
enum SparseFile {
    /// - Parameter size: MiB.
    static func make(_ path: FilePath, size: Int) throws {
        do {
            let permissions: FilePermissions = [.ownerReadWrite]
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: permissions)
            try file.closeAfter { try file.resize(to: Int64(size) << 20) }
        } catch let error as Errno {
            throw Failure.io("cannot make a disk of \(size) MiB for the virtual machine", error)
        }
    }
}
