import ByteIO
import CGuest
import Errors
import Glibc
import GuestProtocol

/// PID 1 of the virtual machine: mounts the image's root from the disks, runs the scripts in it, and writes the layer
/// that they made to the result's disk. Status and output go to the host through two serial ports.
@main
enum Guest {
    static func main() {
        Console.write(GuestDevice.hello)
        // The kernel's notices were signs of life.
        cguest_quiet_kernel()
        do {
            let request = try begin()
            let status = try SerialPort.open(.status)
            let output = try SerialPort.open(.output)
            let lines = GuestWork(request, output: output).status().lines
            try DescriptorWriter(status, name: "the port for the status").write(lines.joined(separator: "\n") + "\n")
        } catch let error as ToolError {
            Console.write("\(error.message): \(error.cause)")
        } catch {
            Console.write("\(error)")
        }
        cguest_restart()
        Console.write("cannot restart")
        while true { pause() }
    }

    /// Mounts the guest's own file systems and loads the drivers.
    private static func begin() throws -> GuestRequest {
        for directory in ["/dev", "/sys", "/cgroup"] { mkdir(directory, 0o755) }
        try Mount.make("devtmpfs", at: "/dev", type: "devtmpfs")
        try Mount.make("sysfs", at: "/sys", type: "sysfs")
        let request = try GuestRequest(SystemFile.bytes(of: GuestRequest.path))
        for module in request.modules { try KernelModule.load(module) }
        return request
    }
}

/// The work for one request.
struct GuestWork {
    private let request: GuestRequest
    private let output: Int32

    /// - Parameter output: the descriptor that receives the scripts' output.
    init(_ request: GuestRequest, output: Int32) {
        self.request = request
        self.output = output
    }

    /// Runs the scripts and packs the layer.
    ///
    /// - Returns: the report, also for errors.
    func status() -> GuestStatus {
        do {
            return try run()
        } catch let error as ToolError {
            var status = GuestStatus(.failed("\(error.message): \(error.cause)"))
            // The host reports a full disk as the cause of any error.
            status.leastRoom = ImageRoot.room
            return status
        } catch {
            return GuestStatus(.failed("\(error)"))
        }
    }

    private func run() throws -> GuestStatus {
        let root = try ImageRoot.mount(request)
        if request.disks.contains(GuestDevice.Disk.contents.serial) {
            let disk = try DescriptorReader.open(Disk.path(of: .contents))
            try ContentsUnpacker(into: ImageRoot.upper).unpack(disk)
        }
        var status = GuestStatus(.exited(0))
        for step in request.steps {
            switch step.place {
            case .root: status = try root.withImage { try ScriptRun(step, request, root: $0, output: output).run() }
            case .layer: status = try root.withView { try ScriptRun(step, request, root: $0, output: output).run() }
            }
            guard status.result == .exited(0) else { return status }
        }
        status.layerSize = try LayerPacker(root, log: output).pack(to: Disk.path(of: .result))
        return status
    }
}

/// The serial console on standard output, for messages before the ports are open.
enum Console {
    /// Writes a line. Errors are ignored, because there is nowhere to report them.
    static func write(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = Glibc.write(STDOUT_FILENO, bytes, bytes.count)
    }
}

/// The virtio serial ports to the host.
enum SerialPort {
    private static let ports = "/sys/class/virtio-ports"

    /// Opens a port.
    ///
    /// - Returns: the descriptor, which stays open.
    /// - Throws: `ToolError` if the port does not appear or cannot be opened.
    static func open(_ port: GuestDevice.Port) throws -> Int32 {
        let path = try Waiting.until("the port \(port.rawValue)") { () -> String? in
            for name in (try? SystemFile.names(in: ports)) ?? [] {
                let name = String(decoding: name, as: UTF8.self)
                if SystemFile.text(of: "\(ports)/\(name)/name") == port.rawValue + "\n" { return "/dev/\(name)" }
            }
            return nil
        }
        let descriptor = Glibc.open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ToolError.io("cannot open \(path)") }
        return descriptor
    }
}
