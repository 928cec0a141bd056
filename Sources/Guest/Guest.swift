import CGuest
import Failures
import Glibc
import GuestProtocol

/// PID 1 of the virtual machine: makes the image's root of the disks, runs the scripts in it, and writes the layer that
/// came of it to the disk for the result. What it tells goes to the host by two serial ports.
@main
enum Guest {
    static func main() {
        Console.write(GuestDevice.hello)
        do {
            let request = try begin()
            let status = try SerialPort.open(.status)
            let output = try SerialPort.open(.output)
            let lines = GuestWork(request, output: output).status().lines
            try DescriptorWriter(status, name: "the port for the status").write(lines.joined(separator: "\n") + "\n")
        } catch let failure as Failure {
            Console.write("\(failure.what): \(failure.why)")
        } catch {
            Console.write("\(error)")
        }
        cguest_restart()
        Console.write("cannot restart")
        while true { pause() }
    }

    /// Mounts what the guest itself needs, and loads the drivers.
    private static func begin() throws -> GuestRequest {
        for folder in ["/dev", "/sys", "/cgroup"] { mkdir(folder, 0o755) }
        try Mount.make("devtmpfs", at: "/dev", type: "devtmpfs")
        try Mount.make("sysfs", at: "/sys", type: "sysfs")
        let request = try GuestRequest(SystemFile.bytes(of: GuestRequest.path))
        for module in request.modules { try KernelModule.load(module) }
        return request
    }
}
