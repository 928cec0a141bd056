import ByteIO
import Errors
import Glibc
import SystemPackage

/// How the virtual machine's processor is made.
package enum Accelerator: String, CaseIterable, Sendable {
    /// KVM, and without it TCG.
    case auto
    /// This machine's own processor, by /dev/kvm.
    case kvm
    /// QEMU's translator: everywhere, and several times slower.
    case tcg
}

/// Runs a guest with the accelerator that is asked for, or with the best one that comes to something.
struct AcceleratorSelection {
    private static let slowly = "the script runs without KVM, several times slower"

    private let wanted: Accelerator
    private let notes: KVMFailureCache

    init(_ wanted: Accelerator, notes: KVMFailureCache) {
        self.wanted = wanted
        self.notes = notes
    }

    /// - Parameters:
    ///   - warn: is told that it is TCG, and why.
    ///   - session: throws `GuestSilence` if the guest never spoke, so that nothing of its work has begun.
    /// - Throws: `ToolError` with code `unavailable` if there is no KVM and nothing else will do, or the guest never speaks.
    func run<Result>(warn: (String) -> Void, _ session: (Accelerator) async throws -> Result) async throws -> Result {
        do {
            guard wanted == .auto else {
                if wanted == .kvm { try KVM.check() }
                return try await session(wanted)
            }
            if let result = try await runWithKVM(warn: warn, session) { return result }
            return try await session(.tcg)
        } catch let silence as GuestSilence {
            throw silence.failure
        }
    }

    /// - Returns: nil if KVM comes to nothing here.
    private func runWithKVM<Result>(
        warn: (String) -> Void, _ session: (Accelerator) async throws -> Result
    ) async throws -> Result? {
        guard !notes.isSilent else {
            warn("no guest starts under KVM on this machine, as was found out before: \(Self.slowly)")
            return nil
        }
        do {
            try KVM.check()
        } catch let failure as ToolError {
            warn("\(failure.cause): \(Self.slowly)")
            return nil
        }
        do {
            return try await session(.kvm)
        } catch let silence as GuestSilence {
            // One that ends by itself is told from one that waits within no time.
            if silence.isForWantOfTime { notes.note() }
            warn("\(silence.failure.cause): \(Self.slowly)")
            return nil
        }
    }
}

/// The kernel's virtual machines, as far as this machine gives them to its user.
enum KVM {
    static let device: FilePath = "/dev/kvm"

    /// - Throws: `ToolError` with code `unavailable` that says what is missing, and how to get it.
    static func check() throws {
        let descriptor = device.withPlatformString { open($0, O_RDWR | O_CLOEXEC) }
        if descriptor >= 0 {
            close(descriptor)
            return
        }
        let error = Errno.current
        let (cause, remedy): (String, Remedy) =
            switch error {
            case .noSuchFileOrDirectory:
                ("\(device) is not there", "enable virtualization in the firmware or the host, or set \(.accelerator) to tcg")
            case .permissionDenied:
                (
                    "there is no permission to use \(device)",
                    "join its group: usermod -a -G kvm \"$USER\", and log in anew; or set \(.accelerator) to tcg"
                )
            default: ("\(device) cannot be opened: \(error)", "set \(.accelerator) to tcg")
            }
        throw ToolError(.unavailable, "cannot use KVM", cause: cause, remedy: remedy)
    }
}

/// Remembers, until the machine starts anew, that no guest runs under KVM here: the wait for its first word is paid once.
package struct KVMFailureCache: Sendable {
    private static let bootID: FilePath = "/proc/sys/kernel/random/boot_id"
    /// Bytes of a UUID and a line break.
    private static let limit = 64

    private let file: FilePath?

    /// - Parameter directory: where it is remembered; nil: nowhere.
    package init(directory: FilePath?) {
        file = directory?.appending("kvm-is-silent")
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
        guard let file, let now = Self.boot, file.removingLastComponent().makeDirectories() else { return }
        let options: FileDescriptor.OpenOptions = [.create, .truncate, .closeOnExec]
        let descriptor = try? FileDescriptor.open(file, .writeOnly, options: options, permissions: [.ownerReadWrite])
        _ = try? descriptor?.closeAfter { try descriptor?.writeAll(now) }
    }

    private static var boot: [UInt8]? { try? SmallFile.read(bootID, limit: limit) }
}
