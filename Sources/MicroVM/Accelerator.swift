package import ByteIO
import Errors
import Glibc
import SystemPackage

/// The way QEMU runs the virtual machine's processor.
package enum Accelerator: String, CaseIterable, Sendable {
    /// KVM if it works, else TCG.
    case auto
    /// KVM: the processor of this machine, through /dev/kvm.
    case kvm
    /// TCG: QEMU's translator, which works everywhere and is several times slower.
    case tcg
}

/// Runs a guest with the requested accelerator, or with the best one that works.
struct AcceleratorSelection {
    private static let withoutKVM = "the script runs without KVM, several times slower"

    private let requested: Accelerator
    private let failureCache: KVMFailureCache

    init(_ requested: Accelerator, failureCache: KVMFailureCache) {
        self.requested = requested
        self.failureCache = failureCache
    }

    /// Runs a session, a second time with TCG if `auto` was requested and KVM does not work.
    ///
    /// - Parameters:
    ///   - warn: receives the reason if TCG is used instead of KVM.
    ///   - session: throws `GuestBootError` if the guest did not boot, so that none of its work has begun.
    /// - Throws: `ToolError` with code `unavailable` if KVM was requested and is missing, or the guest does not boot.
    func run<Result>(warn: (String) -> Void, _ session: (Accelerator) async throws -> Result) async throws -> Result {
        do {
            guard requested == .auto else {
                if requested == .kvm { try KVM.check() }
                return try await session(requested)
            }
            if let result = try await runWithKVM(warn: warn, session) { return result }
            return try await session(.tcg)
        } catch let failure as GuestBootError {
            throw failure.error
        }
    }

    /// - Returns: nil if KVM does not work here.
    private func runWithKVM<Result>(
        warn: (String) -> Void, _ session: (Accelerator) async throws -> Result
    ) async throws -> Result? {
        guard !failureCache.hasFailed else {
            warn("no guest boots under KVM on this machine, as an earlier run found: \(Self.withoutKVM)")
            return nil
        }
        do {
            try KVM.check()
        } catch let error as ToolError {
            warn("\(error.cause): \(Self.withoutKVM)")
            return nil
        }
        do {
            return try await session(.kvm)
        } catch let failure as GuestBootError {
            // Only a timeout is worth caching: a QEMU that exits by itself costs no time.
            if failure.isTimeout { failureCache.recordFailure() }
            warn("\(failure.error.cause): \(Self.withoutKVM)")
            return nil
        }
    }
}

/// The kernel's virtual machines.
enum KVM {
    static let device: FilePath = "/dev/kvm"

    /// Checks that this user can use KVM.
    ///
    /// - Throws: `ToolError` with code `unavailable` whose remedy says how to enable it.
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
                (
                    "\(device) does not exist",
                    "enable virtualization in the firmware or on the host, or set \(.accelerator) to tcg"
                )
            case .permissionDenied:
                (
                    "this user has no permission to use \(device)",
                    "join its group: usermod -a -G kvm \"$USER\", and log in again; or set \(.accelerator) to tcg"
                )
            default: ("\(device) cannot be opened: \(error)", "set \(.accelerator) to tcg")
            }
        throw ToolError(.unavailable, "cannot use KVM", cause: cause, remedy: remedy)
    }
}

/// Remembers until reboot that guests do not boot under KVM on this machine, so that the boot timeout is paid once.
///
/// The failure is recorded in a file that contains the kernel's boot id.
package struct KVMFailureCache: Sendable {
    private static let bootIDFile: FilePath = "/proc/sys/kernel/random/boot_id"
    /// The size of the file in bytes is at most this: a UUID and a line break have 37.
    private static let limit = 64

    private static let name = "kvm-is-silent"

    private let cache: CacheDirectory?

    /// - Parameter cache: the program's cache directory; nil: nothing is remembered.
    package init(in cache: CacheDirectory?) {
        self.cache = cache
    }

    /// True if a failure was recorded since the machine was started.
    var hasFailed: Bool {
        guard let cache, let current = Self.bootID else { return false }
        let file = cache.path.appending(Self.name)
        let options: FileDescriptor.OpenOptions = [.closeOnExec, .noFollow, .nonBlocking]
        guard let descriptor = try? FileDescriptor.open(file, .readOnly, options: options) else { return false }
        let recorded = try? descriptor.closeAfter {
            cache.trusts(descriptor.rawValue, of: file) ? try SmallFile.read(descriptor, limit: Self.limit) : nil
        }
        return recorded == current
    }

    /// Records a failure. If the file cannot be written, the next run pays the timeout again.
    func recordFailure() {
        guard let cache, let current = Self.bootID, cache.path.makeDirectories() else { return }
        let file = cache.path.appending(Self.name)
        // A new file, since another user could change a file of their own later.
        file.withPlatformString { _ = unlink($0) }
        let options: FileDescriptor.OpenOptions = [.create, .exclusiveCreate, .closeOnExec]
        let descriptor = try? FileDescriptor.open(file, .writeOnly, options: options, permissions: [.ownerReadWrite])
        _ = try? descriptor?.closeAfter { try descriptor?.writeAll(current) }
    }

    private static var bootID: [UInt8]? { try? SmallFile.read(bootIDFile, limit: limit) }
}
