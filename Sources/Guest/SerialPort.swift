import Failures
import Glibc
import GuestProtocol

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
        guard descriptor >= 0 else { throw Failure.io("cannot open \(path)") }
        return descriptor
    }
}
