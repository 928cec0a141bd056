import ByteIO
import Errors
import GuestProtocol
import Processes
import SystemPackage

/// A virtual machine for what needs root: it runs scripts on an image's file system, and gives back the layer that they
/// made.
///
/// All that is read of it is a few lines of status, and the tar, which is for others to check.
package struct VirtualMachine: Sendable {
    private let settings: VirtualMachineSettings
    private let kernel: GuestKernel
    private let guest: FilePath
    private let programPath: String
    private let notes: KVMFailureCache
    private let groups: ProcessGroups

    /// - Parameters:
    ///   - guest: the program that is PID 1.
    ///   - programPath: where programs are looked up.
    ///   - notes: remembers that KVM is of no use here.
    ///   - groups: is told of QEMU, while it runs.
    package init(
        _ settings: VirtualMachineSettings, kernel: GuestKernel, guest: FilePath, programPath: String,
        notes: KVMFailureCache,
        groups: ProcessGroups
    ) {
        self.settings = settings
        self.kernel = kernel
        self.guest = guest
        self.programPath = programPath
        self.notes = notes
        self.groups = groups
    }

    /// Runs the scripts to their end.
    ///
    /// - Parameters:
    ///   - directory: for the disks; it is the caller's to remove.
    ///   - output: gets each line that the scripts write, as it comes.
    ///   - warn: is told that the scripts run without KVM, and why.
    /// - Throws: `ToolError` with code `unavailable` for what is missing, and for a machine that dies; the status tells of the
    ///   scripts.
    package func run(
        _ work: VMJob, in directory: FilePath, output: @escaping @Sendable (String) -> Void,
        warn: (String) -> Void
    ) async throws -> VirtualMachineOutcome {
        let disks = try await makeDisks(work, in: directory)
        let initramfs = directory.appending("initramfs")
        var request = work.request
        request.disks = disks.map(\.disk.serial)
        request.hasNetwork = settings.hasNetwork
        try Initramfs(kernel: kernel, guest: guest).write(
            request, scripts: Dictionary(work.scripts.map { ($0.step.key, $0.text) }) { $1 }, to: initramfs)
        let choice = AcceleratorSelection(settings.accelerator, notes: notes)
        let (status, log) = try await choice.run(warn: warn) { accelerator in
            try await VirtualMachineSession(
                accelerator: accelerator, settings: settings, programPath: programPath, groups: groups
            ).run(kernel: kernel, initramfs: initramfs, memory: work.memory, disks: disks, output: output)
        }
        return VirtualMachineOutcome(status: status, layer: try layer(status, in: directory), log: log)
    }

    private func makeDisks(_ work: VMJob, in directory: FilePath) async throws -> [QEMU.Disk] {
        var disks = work.lowers.enumerated().map {
            QEMU.Disk(disk: .lower($0.offset), path: $0.element, isReadOnly: true)
        }
        if let contents = work.contents {
            disks.append(QEMU.Disk(disk: .contents, path: contents, isReadOnly: true))
        }
        let layer = directory.appending("layer.ext4")
        try await LayerDisk.make(layer, size: work.diskSize, programPath: programPath, groups: groups)
        disks.append(QEMU.Disk(disk: .layer, path: layer, isReadOnly: false))
        try SparseFile.make(resultFile(in: directory), size: Self.resultSize(of: work.diskSize))
        disks.append(QEMU.Disk(disk: .result, path: resultFile(in: directory), isReadOnly: false))
        return disks
    }

    private func resultFile(in directory: FilePath) -> FilePath { directory.appending("result.tar") }

    /// A tar takes at most as much again as the disk that it is made of: a block for the header and one for the end of each
    /// file, where the disk has at least an inode of 256 bytes, and four blocks for long names and attributes. It is
    /// sparse.
    private static func resultSize(of diskSize: Int) -> Int { diskSize * 4 + 64 }

    private func layer(_ status: GuestStatus, in directory: FilePath) throws -> FileRange? {
        guard status.result == .exited(0) else { return nil }
        let open = try OpenFile.read(resultFile(in: directory), name: "the layer of the virtual machine")
        guard status.layerSize > 0, status.layerSize <= open.size else {
            throw GuestProtocolFault("it tells of a layer of \(status.layerSize) bytes").failure
        }
        return open.whole.slice(at: 0, size: status.layerSize)
    }
}

extension GuestProtocolFault {
    /// The error for a guest that says what no guest should.
    var failure: ToolError {
        ToolError(
            .data, "cannot use what the virtual machine gave back", cause: cause,
            remedy: "the script may have taken the virtual machine over: look at what it does")
    }
}

/// How virtual machines are run on this machine.
package struct VirtualMachineSettings: Sendable {
    package var accelerator = Accelerator.auto
    /// Nil: that of DOCKERTOOLS_KERNEL, else the newest in /boot.
    package var kernel: FilePath?
    package var processors = 1
    /// Whether scripts reach the network, by QEMU's user network.
    package var hasNetwork = false
    /// How long a run may take; nil: as long as it does.
    package var timeLimit: Duration?

    package init() {}
}
