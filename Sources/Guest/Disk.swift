import Glibc
import GuestProtocol

/// A virtual disk.
enum Disk {
    /// Its device.
    static func path(of disk: GuestDevice.Disk) throws -> String {
        try Waiting.until("the disk \(disk.serial)") {
            for name in (try? SystemFile.names(in: "/sys/block")) ?? [] {
                let name = String(decoding: name, as: UTF8.self)
                guard let serial = SystemFile.text(of: "/sys/block/\(name)/serial") else { continue }
                if serial.split(separator: "\n").first.map(String.init) == disk.serial { return "/dev/\(name)" }
            }
            return nil
        }
    }
}
