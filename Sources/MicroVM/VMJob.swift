package import ByteIO
package import Errors
package import GuestProtocol
package import SystemPackage

/// The work of a virtual machine: scripts that make a layer on top of other file systems.
package struct VMJob: Sendable {
    /// The squashfs images below the layer, the topmost first.
    package var lowers: [FilePath] = []
    /// A tar of the layer's files before the scripts run; nil if there are none.
    package var contents: FilePath?
    /// The scripts. They run in this order until one fails.
    package var scripts: [(step: GuestStep, text: String)] = []
    /// The environment of the scripts: `NAME=VALUE` each.
    package var environment: [String] = []
    /// A directory of the image that scripts cannot change; nil if there is none.
    package var storeDir: String?
    /// The memory in MiB.
    package var memory = 512
    /// The size of the layer's disk in MiB.
    package var diskSize = 1024

    /// Makes a job without scripts.
    package init() {}

    /// The largest number of processes at a time: 2 per MiB. A process takes about 200 KiB of kernel memory and its
    /// own.
    package var processLimit: Int { 2 * memory }

    /// The request to the guest, without what the virtual machine adds: modules, disks and network.
    var request: GuestRequest {
        var request = GuestRequest()
        request.steps = scripts.map(\.step)
        request.environment = environment
        request.storeDir = storeDir
        request.processLimit = processLimit
        return request
    }
}

/// The result of a virtual machine's run.
package struct VirtualMachineOutcome: Sendable {
    /// The guest's report.
    package let status: GuestStatus
    /// The layer's uncompressed tar, which is not validated; nil unless all scripts succeeded.
    package let layer: FileRange?
    /// The last lines of the scripts' output.
    package let log: [String]
    /// Whether the scripts could use the network.
    let hasNetwork: Bool

    /// The error of a run that made no layer; nil if all scripts succeeded.
    ///
    /// - Parameter job: the job of the virtual machine.
    package func failure(of job: VMJob) -> ToolError? { status.failure(of: job, log: log, hasNetwork: hasNetwork) }
}
