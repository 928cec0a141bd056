import SystemPackage

/// How virtual machines are run on this machine.
public struct VirtualMachineSettings: Sendable {
    public var accelerator = Accelerator.auto
    /// Nil: that of DOCKERTOOLS_KERNEL, else the newest in /boot.
    public var kernel: FilePath?
    public var processors = 1
    /// Whether scripts reach the network, by QEMU's user network.
    public var hasNetwork = false
    /// How long a run may take; nil: as long as it does.
    public var timeLimit: Duration?

    public init() {}
}
