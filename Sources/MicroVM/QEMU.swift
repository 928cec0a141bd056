import CLinux
import GuestProtocol
import SystemPackage

/// The command line of the virtual machine.
///
/// Source: QEMU documentation, "microvm". ACPI stays on, since distributions' kernels take no virtio-mmio devices from their
/// command line.
struct QEMU {
    struct Disk {
        var disk: GuestDevice.Disk
        var path: FilePath
        var isReadOnly: Bool
    }

    var accelerator: Accelerator
    var kernel: FilePath
    var initramfs: FilePath
    /// MiB.
    var memory: Int
    var processors: Int
    var disks: [Disk]
    var hasNetwork: Bool
    /// Where the console, and the ports, write.
    var console: FilePath
    var ports: [(port: GuestDevice.Port, path: FilePath)]

    /// What the kernel is told: to say nothing but how it dies, to start anew where it does, which ends QEMU, and to look for
    /// no devices that are not there.
    private static let kernelArguments =
        "console=ttyS0 quiet panic=-1 reboot=t pci=off 8250.nr_uarts=1 mitigations=off random.trust_cpu=on rdinit=/init"

    /// Under TCG the time stamp counter is this machine's own. A kernel that has to measure it by a timer of QEMU's fails
    /// where this machine is busy, and hangs.
    private var clock: String {
        let khz = accelerator == .tcg ? clinux_time_stamp_khz() : 0
        return khz > 0 ? " tsc_early_khz=\(khz)" : ""
    }

    var arguments: [String] {
        // Without these microvm hangs, or has devices that nobody asked for.
        var arguments = ["-M", "microvm", "-nodefaults", "-no-user-config", "-nographic", "-no-reboot"]
        arguments += ["-accel", accelerator == .kvm ? "kvm" : "tcg", "-cpu", processor]
        arguments += ["-m", "\(memory)", "-smp", "\(processors)"]
        arguments += ["-kernel", kernel.string, "-initrd", initramfs.string, "-append", Self.kernelArguments + clock]
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

    /// All that there is; but nested virtualization may refuse to set what tells of the processor's own weaknesses, which
    /// nobody asks for here.
    private var processor: String { accelerator == .kvm ? "host,-arch-capabilities" : "max" }

    private static func arguments(_ disk: Disk, _ number: Int) -> [String] {
        // Nothing of it outlives the run, so that nobody waits for a disk; and where this machine's is full, the guest is
        // told, and does not just stop.
        let options =
            disk.isReadOnly ? "readonly=on" : "cache=unsafe,discard=unmap,werror=report,rerror=report"
        return [
            "-drive", "id=disk\(number),if=none,format=raw,file=\(escaped(disk.path)),\(options)",
            "-device", "virtio-blk-device,drive=disk\(number),serial=\(disk.disk.serial)",
        ]
    }

    /// A comma in a value is written twice (qemu-system(1)).
    private static func escaped(_ path: FilePath) -> String { path.string.replacing(",", with: ",,") }
}
