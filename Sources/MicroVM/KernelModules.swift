import Archives
import Failures
import SystemPackage

/// The modules of a kernel, and which of them need which.
///
/// Source: depmod(8), modules.dep(5).
struct KernelModules {
    /// Bytes of one of the lists: a distribution's has some hundred KiB.
    private static let limit = 64 << 20

    private let folder: FilePath
    /// By name, the file of each, and those of all that it needs, the last one first.
    private var files: [Substring: [Substring]] = [:]
    /// Those that are part of the kernel itself.
    private var builtIn: Set<Substring> = []

    init(of kernel: GuestKernel) throws {
        folder = kernel.modules
        for line in try Self.lines(folder.appending("modules.dep")) {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            files[Self.name(of: parts[0])] = [parts[0]] + parts[1].split(separator: " ")
        }
        // A kernel may have none.
        builtIn = Set(((try? Self.lines(folder.appending("modules.builtin"))) ?? []).map { Self.name(of: $0) })
    }

    /// The files of modules and all that they need, in the order in which they are loaded, without what is part of the
    /// kernel.
    ///
    /// - Parameters:
    ///   - names: what has to be there.
    ///   - others: what is taken if it is there.
    /// - Throws: `Failure` with code `unavailable` for one that the kernel does not have.
    func files(for names: [String], andIfThere others: [String]) throws -> [FilePath] {
        var order: [Substring] = []
        for name in others + names {
            let name = name[...]
            guard !builtIn.contains(name) else { continue }
            guard let needed = files[name] else {
                if others.contains(String(name)) { continue }
                throw Failure(
                    .unavailable, "cannot use the kernel of \(folder)", why: "it has no module '\(name)'",
                    advice: "install a kernel that has it: apt-get install linux-image-cloud-amd64")
            }
            order += needed.reversed().filter { !order.contains($0) }
        }
        return order.map { folder.appending(String($0)) }
    }

    private static func lines(_ path: FilePath) throws -> [Substring] {
        do {
            return String(decoding: try SmallFile.read(path, limit: limit), as: UTF8.self).split(separator: "\n")
        } catch let error as Errno {
            throw Failure(
                .unavailable, "cannot read the list of modules \(path)", why: "\(error)",
                advice: "make it: sudo depmod \(path.removingLastComponent().lastComponent?.string ?? "")")
        }
    }

    /// `kernel/fs/overlayfs/overlay.ko.xz`: `overlay`. A dash and an underscore are the same in names.
    private static func name(of file: Substring) -> Substring {
        let last = file.split(separator: "/").last ?? ""
        return last.prefix { $0 != "." }.replacing("-", with: "_")[...]
    }
}
