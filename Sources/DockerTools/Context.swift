import ByteIO
import Compression
package import Foundation
import Glibc
import Images
package import MicroVM
public import OCI
import Processes
import Synchronization
package import SystemPackage

/// The surroundings of an operation: environment, directories, access to registries and virtual machines, and the reporter.
public struct Context: Sendable {
    /// The environment variables.
    public var environment: [String: String]
    /// The absolute path of the directory that relative paths start from.
    package var currentDirectory: FilePath
    /// How registries are reached.
    public var registries = RegistryAccess()
    /// The platform to read of images for several platforms; nil: this machine's. An image for another platform alone is
    /// refused. It does not apply to what specs name.
    public var platform: Platform?
    /// The maximum size of an uncompressed layer in bytes, against decompression bombs.
    public var maxLayerSize = DecompressionLimits.layer.output
    /// The maximum number of uncompressed bytes for each compressed byte of a layer. It applies to layers of more than
    /// 4 GiB, since files of zeros are no attack.
    public var maxCompressionRatio = DecompressionLimits.layer.ratio
    /// How virtual machines are run.
    package var virtualMachines = VirtualMachineSettings()
    /// Whether scripts of specs reach this machine's network.
    package var scriptsHaveNetwork = false
    /// The directory of this program. The guest program of virtual machines is looked up beside it.
    package var programDirectory: FilePath = "/usr/bin"
    /// The file mode creation mask (umask) for output files and directories. It does not change the modes inside of images.
    package var fileCreationMask: mode_t = FileCreationMask.ofProcess

    /// Receives progress, notes and warnings of every operation.
    public var reporter: any Reporter

    /// The partial files, work directories and process groups of running operations.
    package var cleanup: CleanupRegistry
    /// Ends processes that a script started outside of its process group; nil: only the process group is ended.
    package var processSupervisor: (any ProcessSupervisor)?
    private let openedCaches = OpenedCaches()

    /// Creates a context.
    ///
    /// - Parameters:
    ///   - environment: the environment variables.
    ///   - currentDirectory: the absolute path of the directory that relative paths start from.
    ///   - reporter: receives progress, notes and warnings.
    ///   - cleanup: registers everything that an interrupted operation would leave behind.
    package init(
        environment: [String: String], currentDirectory: FilePath, reporter: any Reporter = SilentReporter(),
        cleanup: CleanupRegistry = CleanupRegistry()
    ) {
        self.environment = environment
        self.currentDirectory = currentDirectory
        self.reporter = reporter
        self.cleanup = cleanup
    }
}

extension Context {
    /// The context of this process: its environment and its current directory. Nothing is reported.
    public static var process: Context {
        var context = Context(
            environment: ProcessInfo.processInfo.environment, currentDirectory: workingDirectory)
        context.programDirectory = directoryOfProgram
        return context
    }

    /// The current directory, whose name need not be UTF-8; the root if the directory was removed.
    private static var workingDirectory: FilePath {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return FilePath(platformString: path)
    }

    /// The directory of this process's executable, with links resolved.
    private static var directoryOfProgram: FilePath {
        ProcessStart.executable?.removingLastComponent() ?? "/usr/bin"
    }
}

extension Context {
    /// The directory for data that can be computed or fetched again: `$XDG_CACHE_HOME/dockertools`, else
    /// `~/.cache/dockertools`; nil if neither is known, or if it is in a home directory that does not exist.
    ///
    /// A relative `$XDG_CACHE_HOME` is ignored (XDG Base Directory Specification). Builds of Nix have a `$HOME` that must
    /// not come to be.
    var cachePath: FilePath? {
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? FilePath($0) : nil }
        let directory: FilePath
        if let base = environment["XDG_CACHE_HOME"], base.hasPrefix("/") {
            directory = FilePath(base)
        } else if let home {
            directory = home.appending(".cache")
        } else {
            return nil
        }
        if let home, directory.starts(with: home), access(home.string, F_OK) != 0 { return nil }
        return directory.appending("dockertools")
    }

    /// The cache directory; nil if there is none, or if it is not used because another user can write to it.
    ///
    /// The first call that finds such a directory warns.
    var cacheDirectory: CacheDirectory? { openedCache.flatMap { $0.isUsable ? $0 : nil } }

    /// The cache directory, whether it can be used or not; nil if there is none.
    var openedCache: CacheDirectory? {
        cachePath.map { path in openedCaches.directory(path) { [reporter] in reporter.warn($0) } }
    }

    /// The absolute directory for work files: `$TMPDIR`, else `/tmp`.
    var temporaryDirectory: FilePath {
        currentDirectory.pushing(FilePath(environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"))
    }

    /// The directories in which programs are looked up.
    var programPath: String { ToolCommand.programPath(in: environment) }

    /// The directory of work files without a name.
    var spool: SpoolDirectory { SpoolDirectory(temporaryDirectory) }

    /// The registry of the process groups that operations start.
    var processGroups: ProcessGroups {
        ProcessGroups(
            started: { [cleanup] in cleanup.add(group: $0) }, ended: { [cleanup] in cleanup.remove(group: $0) })
    }

    /// The cache of layer digests; nil without a cache directory.
    var digestCache: DigestCache? { cacheDirectory.map { DigestCache(in: $0) } }
}

/// The cache directories of an operation, shared by all copies of its context, so that it warns once of each.
private final class OpenedCaches: Sendable {
    private let directories = Mutex<[FilePath: CacheDirectory]>([:])

    func directory(_ path: FilePath, warn: @escaping @Sendable (String) -> Void) -> CacheDirectory {
        directories.withLock { directories in
            if let known = directories[path] { return known }
            let new = CacheDirectory(path, warn: warn)
            directories[path] = new
            return new
        }
    }
}

/// Reads the file mode creation mask of the process without changing it.
enum FileCreationMask {
    /// The mask that most systems start with, for kernels that do not report it.
    private static let fallback: mode_t = 0o022

    /// The mask of this process. Source: proc(5), `Umask` in `/proc/self/status` (Linux 4.7 and later).
    static var ofProcess: mode_t {
        guard let status = try? SmallFile.read("/proc/self/status", limit: 1 << 16) else { return fallback }
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("Umask:") }
        return line?.split(separator: "\t").last.flatMap { mode_t($0, radix: 8) } ?? fallback
    }
}
