import ByteIO
import CGuest
import Errors
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
        } catch let failure as ToolError {
            Console.write("\(failure.message): \(failure.cause)")
        } catch {
            Console.write("\(error)")
        }
        cguest_restart()
        Console.write("cannot restart")
        while true { pause() }
    }

    /// Mounts what the guest itself needs, and loads the drivers.
    private static func begin() throws -> GuestRequest {
        for directory in ["/dev", "/sys", "/cgroup"] { mkdir(directory, 0o755) }
        try Mount.make("devtmpfs", at: "/dev", type: "devtmpfs")
        try Mount.make("sysfs", at: "/sys", type: "sysfs")
        let request = try GuestRequest(SystemFile.bytes(of: GuestRequest.path))
        for module in request.modules { try KernelModule.load(module) }
        return request
    }
}

/// What the guest does for one request.
struct GuestWork {
    private let request: GuestRequest
    private let output: Int32

    /// - Parameter output: gets what the scripts write.
    init(_ request: GuestRequest, output: Int32) {
        self.request = request
        self.output = output
    }

    /// Does it all.
    func status() -> GuestStatus {
        do {
            return try run()
        } catch let failure as ToolError {
            var status = GuestStatus(.failed("\(failure.message): \(failure.cause)"))
            // Where the disk is full it is that, whatever failed of it.
            status.leastRoom = ImageRoot.room
            return status
        } catch {
            return GuestStatus(.failed("\(error)"))
        }
    }

    private func run() throws -> GuestStatus {
        let root = try ImageRoot(request)
        if request.disks.contains(GuestDevice.Disk.contents.serial) {
            let disk = try DescriptorReader(opening: Disk.path(of: .contents))
            try ContentsUnpacking(into: ImageRoot.upper).unpack(disk)
        }
        var status = GuestStatus(.exited(0))
        for step in request.steps {
            switch step.place {
            case .root: status = try root.withImage { try ScriptRun(step, request, root: $0, output: output).run() }
            case .layer: status = try root.withView { try ScriptRun(step, request, root: $0, output: output).run() }
            }
            guard status.result == .exited(0) else { return status }
        }
        status.layerSize = try LayerPacking(root, log: output).pack(to: Disk.path(of: .result))
        return status
    }
}

/// The serial console, on standard output: for what there is no other way for yet.
enum Console {
    static func write(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = Glibc.write(STDOUT_FILENO, bytes, bytes.count)
    }
}

/// A way to the host for bytes.
enum SerialPort {
    private static let ports = "/sys/class/virtio-ports"

    /// - Returns: the open port, which is never closed.
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
