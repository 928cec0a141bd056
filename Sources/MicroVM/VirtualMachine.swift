import ByteIO
import Errors
import GuestProtocol
package import Processes
package import SystemPackage

/// A virtual machine that runs scripts as root on an image's file system and returns the layer that they make.
///
/// The host reads only the guest's status and the layer's tar, which the caller has to validate.
package struct VirtualMachine: Sendable {
    private let settings: VirtualMachineSettings
    private let kernel: GuestKernel
    private let guest: FilePath
    private let programPath: String
    private let kvmFailures: KVMFailureCache
    private let groups: ProcessGroups

    /// - Parameters:
    ///   - guest: the program that runs as PID 1.
    ///   - programPath: the value of PATH for the tools.
    ///   - kvmFailures: remembers that guests do not boot under KVM.
    ///   - groups: registers the tools while they run.
    package init(
        _ settings: VirtualMachineSettings, kernel: GuestKernel, guest: FilePath, programPath: String,
        kvmFailures: KVMFailureCache, groups: ProcessGroups
    ) {
        self.settings = settings
        self.kernel = kernel
        self.guest = guest
        self.programPath = programPath
        self.kvmFailures = kvmFailures
        self.groups = groups
    }

    /// Runs the scripts of a job to their end.
    ///
    /// - Parameters:
    ///   - directory: an empty directory for the disks, which the caller removes.
    ///   - output: receives each line that the scripts write.
    ///   - warn: receives the reason if the scripts run without KVM.
    /// - Throws: `ToolError` with code `unavailable` if something is missing or the virtual machine fails, `data` if
    ///   the guest violates the protocol, `script` if the time limit is exceeded. A failed script is not thrown; the
    ///   status has it.
    package func run(
        _ job: VMJob, in directory: FilePath, output: @escaping @Sendable (String) -> Void,
        warn: (String) -> Void
    ) async throws -> VirtualMachineOutcome {
        let disks = try await makeDisks(job, in: directory)
        let initramfs = directory.appending("initramfs")
        var request = job.request
        request.disks = disks.map(\.disk.serial)
        request.hasNetwork = settings.hasNetwork
        try Initramfs(kernel: kernel, guest: guest).write(
            request, scripts: Dictionary(job.scripts.map { ($0.step.key, $0.text) }) { $1 }, to: initramfs)
        let selection = AcceleratorSelection(settings.accelerator, failureCache: kvmFailures)
        let (status, log) = try await selection.run(warn: warn) { accelerator in
            try await VirtualMachineSession(
                accelerator: accelerator, settings: settings, programPath: programPath, groups: groups
            ).run(kernel: kernel, initramfs: initramfs, memory: job.memory, disks: disks, output: output)
        }
        return VirtualMachineOutcome(
            status: status, layer: try layer(status, in: directory), log: log, hasNetwork: settings.hasNetwork)
    }

    private func makeDisks(_ job: VMJob, in directory: FilePath) async throws -> [QEMU.Disk] {
        var disks = job.lowers.enumerated().map {
            QEMU.Disk(disk: .lower($0.offset), path: $0.element, isReadOnly: true)
        }
        if let contents = job.contents {
            disks.append(QEMU.Disk(disk: .contents, path: contents, isReadOnly: true))
        }
        let layer = directory.appending("layer.ext4")
        try await LayerDisk.make(layer, size: job.diskSize, programPath: programPath, groups: groups)
        disks.append(QEMU.Disk(disk: .layer, path: layer, isReadOnly: false))
        try SparseFile.make(resultFile(in: directory), size: Self.resultSize(of: job.diskSize))
        disks.append(QEMU.Disk(disk: .result, path: resultFile(in: directory), isReadOnly: false))
        return disks
    }

    private func resultFile(in directory: FilePath) -> FilePath { directory.appending("result.tar") }

    /// The size of the result's sparse disk in MiB.
    ///
    /// A tar may be larger than the files: each file has a block for its header, one to pad its end, and four for long
    /// names and attributes, where the layer's disk has at least an inode of 256 bytes.
    private static func resultSize(of diskSize: Int) -> Int { diskSize * 4 + 64 }

    private func layer(_ status: GuestStatus, in directory: FilePath) throws -> FileRange? {
        guard status.result == .exited(0) else { return nil }
        let open = try OpenFile.read(resultFile(in: directory), name: "the layer of the virtual machine")
        guard status.layerSize > 0, status.layerSize <= open.size else {
            throw GuestProtocolError("the status has a layer of \(status.layerSize) bytes").toolError
        }
        return open.whole.slice(at: 0, size: status.layerSize)
    }
}

extension GuestProtocolError {
    /// The error for the user.
    var toolError: ToolError {
        ToolError(
            .data, "cannot use the virtual machine's result", cause: cause,
            remedy: "check the script: it may have replaced the guest program or written to its devices")
    }
}

/// The settings of virtual machines.
package struct VirtualMachineSettings: Sendable {
    /// The way the processor is run.
    package var accelerator = Accelerator.auto
    /// The kernel's file; nil: that of DOCKERTOOLS_KERNEL, else the newest in /boot.
    package var kernel: FilePath?
    /// The directory of the kernel's modules, or one above it; nil: that beside the kernel, else that of the system.
    package var modules: FilePath?
    /// The number of processors.
    package var processors = 1
    /// True if scripts can use the network, through QEMU's user network.
    package var hasNetwork = false
    /// The longest duration of the scripts, from the guest's boot; nil: no limit.
    package var timeLimit: Duration?
    /// The longest time without a sign of life of a guest that has not booted; nil: a default that depends on the
    /// accelerator and on what the guest has shown.
    package var bootTimeLimit: Duration?

    /// Makes the default settings.
    package init() {}
}
