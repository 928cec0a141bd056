import Failures
import Glibc
import SystemPackage

/// The kernel's virtual machines, as far as this machine gives them to its user.
enum KVM {
    static let device: FilePath = "/dev/kvm"

    /// - Throws: `Failure` with code `unavailable` that says what is missing, and how to get it.
    static func check() throws {
        let descriptor = device.withPlatformString { open($0, O_RDWR | O_CLOEXEC) }
        if descriptor >= 0 {
            close(descriptor)
            return
        }
        let error = Errno.current
        let (why, advice) =
            switch error {
            case .noSuchFileOrDirectory:
                ("\(device) is not there", "enable virtualization in the firmware or the host, or use --accel tcg")
            case .permissionDenied:
                (
                    "there is no permission to use \(device)",
                    "join its group: usermod -a -G kvm \"$USER\", and log in anew; or use --accel tcg"
                )
            default: ("\(device) cannot be opened: \(error)", "use --accel tcg")
            }
        throw Failure(.unavailable, "cannot use KVM", why: why, advice: advice)
    }
}
