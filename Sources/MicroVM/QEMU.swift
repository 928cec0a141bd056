import CLinux
import GuestProtocol
import SystemPackage

/// The command line of QEMU for one virtual machine.
///
/// Source: QEMU documentation, "microvm". ACPI stays enabled because the kernels of distributions do not accept
/// virtio-mmio devices on their command line.
struct QEMU {
    /// A file that the guest sees as a disk.
    struct Disk {
        var disk: GuestDevice.Disk
        var path: FilePath
        var isReadOnly: Bool
    }

    var accelerator: Accelerator
    var kernel: FilePath
    var initramfs: FilePath
    /// The memory in MiB.
    var memory: Int
    var processors: Int
    var disks: [Disk]
    var hasNetwork: Bool
    /// The file that receives the console's output.
    var console: FilePath
    /// The files that receive the ports' output.
    var ports: [(port: GuestDevice.Port, path: FilePath)]

    /// The kernel's arguments: print notices from the first moment, which are signs of life, until the guest has booted;
    /// reboot after a panic, which ends QEMU; and do not probe for devices that microvm does not have.
    private static let kernelArguments =
        "console=ttyS0 earlycon=uart8250,io,0x3f8 loglevel=6 panic=-1 reboot=t pci=off 8250.nr_uarts=1 mitigations=off "
        + "random.trust_cpu=on rdinit=/init"

    /// The kernel argument with the frequency of the time stamp counter, which under TCG is that of this machine.
    ///
    /// Without it the kernel measures the frequency with a timer that QEMU emulates. On a busy machine that fails, and
    /// the kernel hangs.
    private var clockArgument: String {
        let khz = accelerator == .tcg ? clinux_time_stamp_khz() : 0
        return khz > 0 ? " tsc_early_khz=\(khz)" : ""
    }

    /// The arguments without the program's name.
    var arguments: [String] {
        // Without these options microvm hangs or has additional devices.
        var arguments = ["-M", "microvm", "-nodefaults", "-no-user-config", "-nographic", "-no-reboot"]
        arguments += ["-accel", accelerator == .kvm ? "kvm" : "tcg", "-cpu", processor]
        arguments += ["-m", "\(memory)", "-smp", "\(processors)"]
        arguments += [
            "-kernel", kernel.string, "-initrd", initramfs.string, "-append", Self.kernelArguments + clockArgument,
        ]
        arguments += ["-chardev", "file,id=console,path=\(Self.escaped(console))", "-serial", "chardev:console"]
        arguments += ["-device", "virtio-serial-device"]
        for (port, path) in ports {
            let id = "port-\(port)"
            arguments += ["-chardev", "file,id=\(id),path=\(Self.escaped(path))"]
            arguments += ["-device", "virtserialport,chardev=\(id),name=\(port.rawValue)"]
        }
        for (number, disk) in disks.enumerated() { arguments += Self.arguments(disk, number) }
        if hasNetwork { arguments += ["-netdev", "user,id=network", "-device", "virtio-net-device,netdev=network"] }
        return arguments
    }

    /// The processor with all its features. Nested virtualization may refuse to set IA32_ARCH_CAPABILITIES, which
    /// describes the processor's vulnerabilities and is not needed here.
    private var processor: String { accelerator == .kvm ? "host,-arch-capabilities" : "max" }

    private static func arguments(_ disk: Disk, _ number: Int) -> [String] {
        // The disks are removed after the run, so nothing waits for data to be synced. If the host's disk is full, the
        // guest gets an error instead of being paused.
        let options =
            disk.isReadOnly ? "readonly=on" : "cache=unsafe,discard=unmap,werror=report,rerror=report"
        return [
            "-drive", "id=disk\(number),if=none,format=raw,file=\(escaped(disk.path)),\(options)",
            "-device", "virtio-blk-device,drive=disk\(number),serial=\(disk.disk.serial)",
        ]
    }

    /// A path as the value of an option: commas are doubled (qemu-system(1)).
    private static func escaped(_ path: FilePath) -> String { path.string.replacing(",", with: ",,") }
}
