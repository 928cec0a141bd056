import ByteIO
import Images
import MicroVM
import Processes
import SystemPackage

/// What an operation takes from the process that it runs in.
package struct Context: Sendable {
    /// The environment variables.
    package var environment: [String: String]
    /// The absolute path of the current directory.
    package var currentDirectory: FilePath
    /// How registries are reached.
    package var registries = RegistryAccess()
    /// How virtual machines are run.
    package var virtualMachines = VirtualMachineSettings()
    /// The directory of this program, beside which that of virtual machines lies.
    package var programDirectory: FilePath = "/usr/bin"

    /// Receives progress, notes and warnings of every operation.
    package var reporter: any Reporter

    package init(
        environment: [String: String], currentDirectory: FilePath, reporter: any Reporter = SilentReporter()
    ) {
        self.environment = environment
        self.currentDirectory = currentDirectory
        self.reporter = reporter
    }

    /// Where the program keeps what it may lose: `$XDG_CACHE_HOME/dockertools`, else `~/.cache/dockertools`; nil if neither
    /// is known. A relative `$XDG_CACHE_HOME` counts as none (XDG Base Directory Specification).
    var cacheDirectory: FilePath? {
        if let base = environment["XDG_CACHE_HOME"], base.hasPrefix("/") {
            return FilePath(base).appending("dockertools")
        }
        guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
        return FilePath(home).appending(".cache/dockertools")
    }

    /// The absolute directory for work files: `$TMPDIR`, else `/tmp`.
    var temporaryDirectory: FilePath {
        currentDirectory.pushing(FilePath(environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"))
    }

    /// Where programs are looked up.
    var programPath: String { ToolCommand.programPath(in: environment) }

    /// Where work files without a name are made.
    var spool: SpoolDirectory { SpoolDirectory(temporaryDirectory) }

    /// Programs that end with this one when that is ended from outside.
    var processGroups: ProcessGroups {
        ProcessGroups(
            started: { Cleanup.shared.add(group: $0) }, ended: { Cleanup.shared.remove(group: $0) })
    }

    /// The digests of layers that were computed before.
    var digestCache: DigestCache? { cacheDirectory.map(DigestCache.init(directory:)) }
}
