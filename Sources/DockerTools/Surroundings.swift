import Archives
import Images
import MicroVM
import Processes
import SystemPackage

/// What an operation takes from the process that it runs in.
public struct Surroundings: Sendable {
    /// The environment variables.
    public var environment: [String: String]
    /// The absolute path of the current folder.
    public var currentDirectory: FilePath
    /// How registries are reached.
    public var registries = RegistryAccess()
    /// How virtual machines are run.
    public var virtualMachines = VirtualMachineSettings()
    /// The folder of this program, beside which that of virtual machines lies.
    public var programFolder: FilePath = "/usr/bin"

    public init(environment: [String: String], currentDirectory: FilePath) {
        self.environment = environment
        self.currentDirectory = currentDirectory
    }

    /// Where the program keeps what it may lose: `$XDG_CACHE_HOME/dockertools`, else `~/.cache/dockertools`; nil if neither
    /// is known. A relative `$XDG_CACHE_HOME` counts as none (XDG Base Directory Specification).
    var cacheFolder: FilePath? {
        if let base = environment["XDG_CACHE_HOME"], base.hasPrefix("/") {
            return FilePath(base).appending("dockertools")
        }
        guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
        return FilePath(home).appending(".cache/dockertools")
    }

    /// The absolute folder for work files: `$TMPDIR`, else `/tmp`.
    var temporaryFolder: FilePath {
        currentDirectory.pushing(FilePath(environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"))
    }

    /// Where programs are looked up.
    var programPath: String { environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin" }

    /// Where work files without a name are made.
    var spool: SpoolFolder { SpoolFolder(temporaryFolder) }

    /// Programs that end with this one when that is ended from outside.
    var processGroups: ProcessGroups {
        ProcessGroups(
            started: { Cleanup.shared.add(group: $0) }, ended: { Cleanup.shared.remove(group: $0) })
    }

    /// The digests of layers that were computed before.
    var digestCache: DigestCache? { cacheFolder.map(DigestCache.init(folder:)) }
}
