import ByteIO
import Errors
import Glibc
package import SystemPackage

/// A Linux kernel for the virtual machine, and the directory of its modules.
package struct GuestKernel: Sendable {
    /// The kernel's file.
    package let path: FilePath
    /// The release as `uname -r` prints it: `6.1.0-56-cloud-amd64`.
    package let release: String
    /// The directory of the kernel's modules.
    let modules: FilePath

    private static let remedy: Remedy =
        "install one: apt-get install linux-image-cloud-amd64; or name one with \(.kernel) or DOCKERTOOLS_KERNEL"

    /// Finds the kernel: the given one, else that of DOCKERTOOLS_KERNEL, else the newest one in /boot, else NixOS's.
    ///
    /// - Parameters:
    ///   - path: the kernel's file; nil: it is searched for.
    ///   - modules: the directory of its modules, or one above it; nil: it is searched for.
    ///   - places: where the system has its kernels and modules.
    /// - Throws: `ToolError` with code `unavailable` if there is no kernel, it cannot be read, or it has no modules.
    package static func find(
        _ path: FilePath?, modules: FilePath? = nil, environment: [String: String], places: KernelPlaces = .system
    ) throws -> GuestKernel {
        let named = path ?? environment["DOCKERTOOLS_KERNEL"].flatMap { $0.isEmpty ? nil : FilePath($0) }
        guard let kernel = named ?? newest(in: places.boot) ?? places.nixOSKernel else {
            throw ToolError(
                .unavailable, "cannot find a kernel for the virtual machine",
                cause: "there is no \(places.boot)/vmlinuz-*", remedy: remedy)
        }
        let release = try Self.release(of: kernel)
        let candidates = places.modules(of: kernel, release: release, in: modules)
        // The last one, if it is there, gets the error of a list that cannot be read.
        let found =
            candidates.first { $0.isReadable(KernelModules.list) } ?? candidates.suffix(1).first { $0.isReadable(".") }
        guard let found else {
            throw ToolError(
                .unavailable, "cannot use the kernel \(kernel)",
                cause: "its modules are not in \(candidates.map(\.string).joined(separator: ", "))",
                remedy:
                    "install the package of the kernel, name the directory of its modules with \(.modules), or another "
                    + "kernel with \(.kernel)")
        }
        return GuestKernel(path: kernel, release: release, modules: found)
    }

    /// The kernel with the highest version.
    private static func newest(in directory: FilePath) -> FilePath? {
        let names = ((try? DirectoryNames.read(directory)) ?? []).filter { $0.hasPrefix("vmlinuz-") }
        return names.max { numbers(in: $0).lexicographicallyPrecedes(numbers(in: $1)) }.map { directory.appending($0) }
    }

    private static func numbers(in name: String) -> [Int] {
        name.split { !("0"..."9").contains($0) }.map { Int($0) ?? .max }
    }

    /// Reads the release from the kernel's header.
    ///
    /// Source: Linux, "The Linux/x86 Boot Protocol": `header` at 0x202; `kernel_version` at 0x20E is the offset of the
    /// release from 0x200.
    private static func release(of kernel: FilePath) throws -> String {
        let head: [UInt8]
        do {
            head = try SmallFile.read(kernel, limit: 64 * 1024)
        } catch let error as Errno {
            let isForbidden = error == .permissionDenied
            throw ToolError(
                .unavailable, "cannot read the kernel \(kernel)", cause: "\(error)",
                remedy: isForbidden
                    ? "make it readable: sudo chmod a+r \(kernel); or copy it, and name the copy with \(.kernel)"
                    : remedy)
        }
        guard head.count > 0x210, head[0x202..<0x206].elementsEqual("HdrS".utf8) else {
            throw ToolError(
                .unavailable, "cannot use the kernel \(kernel)",
                cause: "it is not a Linux kernel for x86-64 (bzImage)", remedy: remedy)
        }
        let position = 0x200 + Int(head[0x20E]) + Int(head[0x20F]) << 8
        let text = head.dropFirst(position).prefix { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") }
        return String(decoding: text, as: UTF8.self)
    }
}

/// The modules of a kernel and their dependencies.
///
/// Source: depmod(8), modules.dep(5).
struct KernelModules {
    /// The name of the list of all modules and their dependencies.
    static let list = "modules.dep"
    /// The largest size of a list in bytes. Those of distributions have some hundred KiB.
    private static let limit = 64 << 20

    private let directory: FilePath
    /// The files of each module by its name: its own, then those of its dependencies in reverse order of loading.
    private let files: [Substring: [Substring]]
    /// The modules that are built into the kernel.
    private let builtIn: Set<Substring>

    /// Reads the lists of a kernel's modules.
    ///
    /// - Throws: `ToolError` with code `unavailable` if `modules.dep` cannot be read.
    static func read(of kernel: GuestKernel) throws -> KernelModules {
        let directory = kernel.modules
        var files: [Substring: [Substring]] = [:]
        for line in try lines(directory.appending(list)) {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            files[name(of: parts[0])] = [parts[0]] + parts[1].split(separator: " ")
        }
        // A kernel may have no built-in modules.
        let builtIn = Set(((try? lines(directory.appending("modules.builtin"))) ?? []).map { name(of: $0) })
        return KernelModules(directory: directory, files: files, builtIn: builtIn)
    }

    /// The files of modules and of their dependencies in the order of loading, without built-in ones.
    ///
    /// - Parameters:
    ///   - names: the required modules.
    ///   - optional: modules that are included if the kernel has them.
    /// - Throws: `ToolError` with code `unavailable` for a required module that the kernel does not have.
    func files(for names: [String], optional: [String]) throws -> [FilePath] {
        var order: [Substring] = []
        for name in optional + names {
            let name = name[...]
            guard !builtIn.contains(name) else { continue }
            guard let needed = files[name] else {
                if optional.contains(String(name)) { continue }
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
                remedy: "create it: sudo depmod \(path.removingLastComponent().lastComponent?.string ?? "")")
        }
    }

    /// The name of a module: `overlay` for `kernel/fs/overlayfs/overlay.ko.xz`. Dashes count as underscores.
    private static func name(of file: Substring) -> Substring {
        let last = file.split(separator: "/").last ?? ""
        return last.prefix { $0 != "." }.replacing("-", with: "_")[...]
    }
}
