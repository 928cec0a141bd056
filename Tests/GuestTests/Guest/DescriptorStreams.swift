import ByteIO
import Errors
import Glibc
import GuestProtocol
import Tar

/// Reads a disk or a file sequentially.
final class DescriptorReader: ByteSource, TarBody {
    let descriptor: Int32
    private let name: String

    /// - Parameters:
    ///   - descriptor: closed with this object.
    ///   - name: the name in errors.
    init(owning descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    /// Opens a disk or a file.
    ///
    /// - Throws: `ToolError` with code `io`.
    static func open(_ path: String) throws -> DescriptorReader {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ToolError.io("cannot open \(path)") }
        return DescriptorReader(owning: descriptor, name: path)
    }

    deinit { close(descriptor) }

    var offset: UInt64? { nil }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw ToolError.io("cannot read \(name)") }
        }
    }
}

/// Writes to a disk, a port or a file.
final class DescriptorWriter: ByteSink {
    private let descriptor: Int32
    private let name: String

    /// - Parameter name: the name in errors.
    init(_ descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.base.baseAddress?.advanced(by: rest.startIndex), rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw ToolError.io("cannot write to \(name)") }
            rest = rest.dropFirst(count)
        }
    }

    func write(_ text: String) throws { try write(Array(text.utf8)) }
}

/// The devices of the virtual disks.
enum Disk {
    /// The path of a disk's device, once its driver has found it.
    ///
    /// - Throws: `ToolError` with code `unavailable` if it does not appear.
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
