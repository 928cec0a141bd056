import Archives
import Failures
import Glibc
import SystemPackage

/// A Linux kernel to start, and its modules.
public struct GuestKernel: Sendable {
    public let path: FilePath
    /// As `uname -r` tells it: `6.1.0-56-cloud-amd64`.
    public let release: String
    let modules: FilePath

    private static let advice =
        "install one: apt-get install linux-image-cloud-amd64; or name one with --kernel or DOCKERTOOLS_KERNEL"

    /// Finds the kernel: the one that is named, else that of DOCKERTOOLS_KERNEL, else the newest one in /boot.
    ///
    /// - Parameters:
    ///   - boot: where kernels lie.
    ///   - modules: where the modules of each lie in a folder called by its release.
    /// - Throws: `Failure` with code `unavailable` if there is none, it cannot be read, or its modules are not there.
    public init(
        _ path: FilePath?, environment: [String: String], boot: FilePath = "/boot", modules: FilePath = "/lib/modules"
    ) throws {
        let named = path ?? environment["DOCKERTOOLS_KERNEL"].flatMap { $0.isEmpty ? nil : FilePath($0) }
        guard let kernel = named ?? Self.newest(in: boot) else {
            throw Failure(
                .unavailable, "cannot find a kernel for the virtual machine",
                why: "there is no \(boot)/vmlinuz-*", advice: Self.advice)
        }
        self.path = kernel
        release = try Self.release(of: kernel)
        self.modules = modules.appending(release)
        guard self.modules.withPlatformString({ access($0, R_OK | X_OK) }) == 0 else {
            throw Failure(
                .unavailable, "cannot use the kernel \(kernel)", why: "its modules are not in \(self.modules)",
                advice: "install the package that the kernel came with, or name another kernel with --kernel")
        }
    }

    /// The one with the highest version.
    private static func newest(in folder: FilePath) -> FilePath? {
        let names = ((try? FolderNames.read(folder)) ?? []).filter { $0.hasPrefix("vmlinuz-") }
        return names.max { numbers(in: $0).lexicographicallyPrecedes(numbers(in: $1)) }.map { folder.appending($0) }
    }

    private static func numbers(in name: String) -> [Int] {
        name.split { !("0"..."9").contains($0) }.map { Int($0) ?? .max }
    }

    /// Source: Linux, "The Linux/x86 Boot Protocol": `header` at 0x202, and at 0x20E where the release stands, counted from
    /// 0x200.
    private static func release(of kernel: FilePath) throws -> String {
        let head: [UInt8]
        do {
            head = try SmallFile.read(kernel, limit: 64 * 1024)
        } catch let error as Errno {
            let isForbidden = error == .permissionDenied
            throw Failure(
                .unavailable, "cannot read the kernel \(kernel)", why: "\(error)",
                advice: isForbidden
                    ? "let everybody read it: sudo chmod a+r \(kernel); or copy it, and name the copy with --kernel"
                    : Self.advice)
        }
        guard head.count > 0x210, head[0x202..<0x206].elementsEqual("HdrS".utf8) else {
            throw Failure(
                .unavailable, "cannot use the kernel \(kernel)", why: "it is no Linux kernel for x86-64 (bzImage)",
                advice: Self.advice)
        }
        let place = 0x200 + Int(head[0x20E]) + Int(head[0x20F]) << 8
        let text = head.dropFirst(place).prefix { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") }
        return String(decoding: text, as: UTF8.self)
    }
}
