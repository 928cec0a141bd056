import ArgumentParser
import DockerTools
import Foundation
import MicroVM
import SystemPackage

/// How virtual machines are run: what all verbs have in common that may be given a spec with runAsRoot.
struct VMOptions: ParsableArguments {
    @Option(
        help: """
            What makes the processor of runAsRoot's virtual machine: kvm, tcg (everywhere, and several times slower), or auto: \
            kvm, else tcg.
            """)
    var accel: Accelerator = .auto

    @Option(
        help: ArgumentHelp(
            "Its kernel (default: $DOCKERTOOLS_KERNEL, else the newest /boot/vmlinuz-*).", valueName: "path"),
        completion: .file())
    var kernel: String?

    @Option(help: ArgumentHelp("Its processors (default: as many as this machine has, 8 at most).", valueName: "count"))
    var vmCpus: Int?

    @Flag(help: "Let runAsRoot reach the network, by QEMU's user network.")
    var vmNetwork = false

    @Option(help: ArgumentHelp("How long runAsRoot may take; 0: as long as it does.", valueName: "seconds"))
    var vmTimeout = 3600.0

    /// More than that slow the start down more than most scripts gain.
    private static let processorLimit = 8

    func validate() throws {
        guard vmCpus.map((1...255).contains) ?? true else {
            throw ValidationError("--vm-cpus takes a number from 1 to 255.")
        }
        guard vmTimeout >= 0, vmTimeout <= 1e9 else { throw ValidationError("--vm-timeout takes seconds, 0 or more.") }
    }

    var settings: VirtualMachineSettings {
        var settings = VirtualMachineSettings()
        settings.accelerator = accel
        settings.kernel = kernel.map { Context.ofProcess.currentDirectory.pushing(FilePath($0)) }
        settings.processors = vmCpus ?? min(ProcessInfo.processInfo.activeProcessorCount, Self.processorLimit)
        settings.hasNetwork = vmNetwork
        settings.timeLimit = vmTimeout > 0 ? .seconds(vmTimeout) : nil
        return settings
    }
}

extension Accelerator: ExpressibleByArgument {}
