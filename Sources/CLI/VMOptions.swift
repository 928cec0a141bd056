import ArgumentParser
import DockerTools
import Foundation
import MicroVM
import SystemPackage

/// The options of virtual machines, for all verbs that may read a spec with runAsRoot.
struct VMOptions: ParsableArguments {
    @Option(
        help: """
            The accelerator of runAsRoot's virtual machine: kvm, tcg (works everywhere, several times slower), or auto: kvm, \
            else tcg.
            """)
    var accel: Accelerator = .auto

    @Option(
        help: ArgumentHelp(
            "The kernel (default: $DOCKERTOOLS_KERNEL, else the newest /boot/vmlinuz-*).", valueName: "path"),
        completion: .file())
    var kernel: String?

    @Option(
        help: ArgumentHelp(
            "The directory of the kernel's modules (default: lib/modules beside the kernel, else /lib/modules).",
            valueName: "path"),
        completion: .directory)
    var modules: String?

    @Option(
        help: ArgumentHelp(
            "The number of processors (default: as many as this machine has, at most 8).", valueName: "count"))
    var vmCpus: Int?

    @Flag(help: "Give runAsRoot access to the network, through QEMU's user network.")
    var vmNetwork = false

    @Option(help: ArgumentHelp("The time limit of runAsRoot; 0: no limit.", valueName: "seconds"))
    var vmTimeout = 3600.0

    @Option(
        help: ArgumentHelp(
            """
            The longest time that a guest that has not booted may write nothing to its console (default: 10 to 60 with kvm, \
            depending on how far it is, 60 to 120 with tcg).
            """, valueName: "seconds"))
    var vmBootTimeout: Double?

    /// The default maximum of processors: more slow the boot down more than they speed most scripts up.
    private static let processorLimit = 8

    func validate() throws {
        guard vmCpus.map((1...255).contains) ?? true else {
            throw ValidationError("--vm-cpus takes a number from 1 to 255.")
        }
        guard vmTimeout >= 0, vmTimeout <= 1e9 else { throw ValidationError("--vm-timeout takes seconds, 0 or more.") }
        guard vmBootTimeout.map({ $0 > 0 && $0 <= 1e9 }) ?? true else {
            throw ValidationError("--vm-boot-timeout takes seconds, more than 0.")
        }
    }

    /// The settings as the library has them.
    var settings: VirtualMachineSettings {
        var settings = VirtualMachineSettings()
        settings.accelerator = accel
        settings.kernel = kernel.map { Context.process.currentDirectory.pushing(FilePath($0)) }
        settings.modules = modules.map { Context.process.currentDirectory.pushing(FilePath($0)) }
        settings.processors = vmCpus ?? min(ProcessInfo.processInfo.activeProcessorCount, Self.processorLimit)
        settings.hasNetwork = vmNetwork
        settings.timeLimit = vmTimeout > 0 ? .seconds(vmTimeout) : nil
        settings.bootTimeLimit = vmBootTimeout.map { .seconds($0) }
        return settings
    }
}

extension Accelerator: ExpressibleByArgument {}
