import ByteIO
import Errors
import Glibc
import SystemPackage

/// A Linux kernel to start, and its modules.
package struct GuestKernel: Sendable {
    package let path: FilePath
    /// As `uname -r` tells it: `6.1.0-56-cloud-amd64`.
    package let release: String
    let modules: FilePath

    private static let remedy: Remedy =
        "install one: apt-get install linux-image-cloud-amd64; or name one with \(.kernel) or DOCKERTOOLS_KERNEL"

    /// Finds the kernel: the one that is named, else that of DOCKERTOOLS_KERNEL, else the newest one in /boot.
    ///
    /// - Parameters:
    ///   - boot: where kernels lie.
    ///   - modules: where the modules of each lie in a directory called by its release.
    /// - Throws: `ToolError` with code `unavailable` if there is none, it cannot be read, or its modules are not there.
    package init(
        _ path: FilePath?, environment: [String: String], boot: FilePath = "/boot", modules: FilePath = "/lib/modules"
    ) throws {
        let named = path ?? environment["DOCKERTOOLS_KERNEL"].flatMap { $0.isEmpty ? nil : FilePath($0) }
        guard let kernel = named ?? Self.newest(in: boot) else {
            throw ToolError(
                .unavailable, "cannot find a kernel for the virtual machine",
                cause: "there is no \(boot)/vmlinuz-*", remedy: Self.remedy)
        }
        self.path = kernel
        release = try Self.release(of: kernel)
        self.modules = modules.appending(release)
        guard self.modules.withPlatformString({ access($0, R_OK | X_OK) }) == 0 else {
            throw ToolError(
                .unavailable, "cannot use the kernel \(kernel)", cause: "its modules are not in \(self.modules)",
                remedy: "install the package that the kernel came with, or name another kernel with \(.kernel)")
        }
    }

    /// The one with the highest version.
    private static func newest(in directory: FilePath) -> FilePath? {
        let names = ((try? DirectoryNames.read(directory)) ?? []).filter { $0.hasPrefix("vmlinuz-") }
        return names.max { numbers(in: $0).lexicographicallyPrecedes(numbers(in: $1)) }.map { directory.appending($0) }
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
            throw ToolError(
                .unavailable, "cannot read the kernel \(kernel)", cause: "\(error)",
                remedy: isForbidden
                    ? "let everybody read it: sudo chmod a+r \(kernel); or copy it, and name the copy with \(.kernel)"
                    : Self.remedy)
        }
        guard head.count > 0x210, head[0x202..<0x206].elementsEqual("HdrS".utf8) else {
            throw ToolError(
                .unavailable, "cannot use the kernel \(kernel)", cause: "it is no Linux kernel for x86-64 (bzImage)",
                remedy: Self.remedy)
        }
        let place = 0x200 + Int(head[0x20E]) + Int(head[0x20F]) << 8
        let text = head.dropFirst(place).prefix { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") }
        return String(decoding: text, as: UTF8.self)
    }
}

/// The modules of a kernel, and which of them need which.
///
/// Source: depmod(8), modules.dep(5).
struct KernelModules {
    /// Bytes of one of the lists: a distribution's has some hundred KiB.
    private static let limit = 64 << 20

    private let directory: FilePath
    /// By name, the file of each, and those of all that it needs, the last one first.
    private var files: [Substring: [Substring]] = [:]
    /// Those that are part of the kernel itself.
    private var builtIn: Set<Substring> = []

    init(of kernel: GuestKernel) throws {
        directory = kernel.modules
        for line in try Self.lines(directory.appending("modules.dep")) {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            files[Self.name(of: parts[0])] = [parts[0]] + parts[1].split(separator: " ")
        }
        // A kernel may have none.
        builtIn = Set(((try? Self.lines(directory.appending("modules.builtin"))) ?? []).map { Self.name(of: $0) })
    }

    /// The files of modules and all that they need, in the order in which they are loaded, without what is part of the
    /// kernel.
    ///
    /// - Parameters:
    ///   - names: what has to be there.
    ///   - others: what is taken if it is there.
    /// - Throws: `ToolError` with code `unavailable` for one that the kernel does not have.
    func files(for names: [String], andIfThere others: [String]) throws -> [FilePath] {
        var order: [Substring] = []
        for name in others + names {
            let name = name[...]
            guard !builtIn.contains(name) else { continue }
            guard let needed = files[name] else {
                if others.contains(String(name)) { continue }
                throw ToolError(
                    .unavailable, "cannot use the kernel of \(directory)", cause: "it has no module '\(name)'",
                    remedy: "install a kernel that has it: apt-get install linux-image-cloud-amd64")
            }
            order += needed.reversed().filter { !order.contains($0) }
        }
        return order.map { directory.appending(String($0)) }
    }

    private static func lines(_ path: FilePath) throws -> [Substring] {
        do {
            return String(decoding: try SmallFile.read(path, limit: limit), as: UTF8.self).split(separator: "\n")
        } catch let error as Errno {
            throw ToolError(
                .unavailable, "cannot read the list of modules \(path)", cause: "\(error)",
                remedy: "make it: sudo depmod \(path.removingLastComponent().lastComponent?.string ?? "")")
        }
    }

    /// `kernel/fs/overlayfs/overlay.ko.xz`: `overlay`. A dash and an underscore are the same in names.
    private static func name(of file: Substring) -> Substring {
        let last = file.split(separator: "/").last ?? ""
        return last.prefix { $0 != "." }.replacing("-", with: "_")[...]
    }
}
