import ByteIO
import Glibc
import SystemPackage

/// Where a system has its kernels and their modules.
package struct KernelPlaces: Sendable {
    /// The directory of the installed kernels, `vmlinuz-RELEASE`.
    let boot: FilePath
    /// The directory that has the modules of each kernel in a subdirectory named after its release.
    let modules: FilePath
    /// The directory of a NixOS system, which has its kernel as `kernel` and its modules below `kernel-modules`.
    let nixOS: FilePath

    /// The places of this machine.
    package static let system = KernelPlaces(
        boot: "/boot", modules: "/lib/modules", nixOS: "/run/current-system")

    /// The kernel of the NixOS system; nil if there is none.
    var nixOSKernel: FilePath? {
        let kernel = nixOS.appending("kernel")
        return kernel.withPlatformString { access($0, F_OK) } == 0 ? kernel : nil
    }

    /// The directories in which the modules of a kernel may be, the first choice first.
    ///
    /// A kernel of nixpkgs is in a store path with its modules: `bzImage` and `lib/modules/RELEASE`.
    ///
    /// - Parameters:
    ///   - kernel: the kernel's file, or a link to it.
    ///   - directory: the directory of the modules that the user named, or one above it; nil: none was named.
    func modules(of kernel: FilePath, release: String, in directory: FilePath?) -> [FilePath] {
        if let directory {
            return [directory, directory.appending(release), directory.appending("lib/modules").appending(release)]
        }
        let beside = [kernel, kernel.real ?? kernel].map { $0.removingLastComponent() }.flatMap { parent in
            [FilePath("lib/modules"), "kernel-modules/lib/modules"].map { parent.pushing($0).appending(release) }
        }
        let all = beside + [modules.appending(release)]
        return all.enumerated().filter { all.firstIndex(of: $0.element) == $0.offset }.map(\.element)
    }
}

extension FilePath {
    /// Whether this is a directory with a file or a directory that this user can read.
    func isReadable(_ name: String) -> Bool { appending(name).withPlatformString { access($0, R_OK) } == 0 }
}
