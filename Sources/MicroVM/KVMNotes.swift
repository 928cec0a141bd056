import Archives
import SystemPackage

/// Remembers, until the machine starts anew, that no guest runs under KVM here: the wait for its first word is paid once.
public struct KVMNotes: Sendable {
    private static let bootID: FilePath = "/proc/sys/kernel/random/boot_id"
    /// Bytes of a UUID and a line break.
    private static let limit = 64

    private let file: FilePath?

    /// - Parameter folder: where it is remembered; nil: nowhere.
    public init(folder: FilePath?) {
        file = folder?.appending("kvm-is-silent")
    }

    /// Whether it was noted since the machine started.
    var isSilent: Bool {
        guard let file, let noted = try? SmallFile.read(file, limit: Self.limit), let now = Self.boot else {
            return false
        }
        return noted == now
    }

    /// Notes it. What cannot be noted is found out again.
    func note() {
        guard let file, let now = Self.boot, file.removingLastComponent().makeFolders() else { return }
        let options: FileDescriptor.OpenOptions = [.create, .truncate, .closeOnExec]
        let descriptor = try? FileDescriptor.open(file, .writeOnly, options: options, permissions: [.ownerReadWrite])
        _ = try? descriptor?.closeAfter { try descriptor?.writeAll(now) }
    }

    private static var boot: [UInt8]? { try? SmallFile.read(bootID, limit: limit) }
}
