import Archives
import GuestProtocol
import SystemPackage

/// What a virtual machine is given to do.
public struct VirtualMachineWork: Sendable {
    /// Squashfs images of what lies below the layer, the topmost first.
    public var lowers: [FilePath] = []
    /// A tar of what the layer holds before the scripts run; nil: nothing.
    public var contents: FilePath?
    /// Run one behind the other, as long as they succeed.
    public var scripts: [(step: GuestStep, text: String)] = []
    /// `NAME=VALUE` each.
    public var environment: [String] = []
    /// A folder that scripts cannot change; nil: there is none.
    public var storeDir: String?
    /// MiB.
    public var memory = 512
    /// MiB.
    public var diskSize = 1024

    public init() {}

    /// Processes that scripts may have at a time: 2 for each MiB. Each takes some 200 KiB of the kernel's memory and its own.
    public var processLimit: Int { 2 * memory }

    var request: GuestRequest {
        var request = GuestRequest()
        request.steps = scripts.map(\.step)
        request.environment = environment
        request.storeDir = storeDir
        request.processLimit = processLimit
        return request
    }
}

/// What came of it.
public struct VirtualMachineOutcome: Sendable {
    public let status: GuestStatus
    /// The layer's plain tar, which nobody has checked; nil unless all scripts succeeded.
    public let layer: FileRange?
    /// The last lines that the scripts wrote.
    public let log: [String]
}
