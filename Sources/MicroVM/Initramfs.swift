import ByteIO
import Compression
import Errors
import GuestProtocol
import SystemPackage

/// The guest's first file system: its one program, the drivers, and what it is to do.
struct Initramfs {
    /// Drivers of the devices and the file systems.
    private static let drivers = ["virtio_mmio", "virtio_blk", "virtio_console", "squashfs", "overlay", "ext4"]
    /// What ext4 asks for by another name than a module's.
    private static let checksums = ["crc32c_generic"]
    private static let network = "virtio_net"
    /// Bytes of the program, or of a module: distributions' have some MiB.
    private static let limit = 256 << 20

    let kernel: GuestKernel
    let guest: FilePath

    /// Writes it to a file.
    ///
    /// - Parameter scripts: the text of each of the request's steps, by key.
    /// - Throws: `ToolError` with code `unavailable` for what is missing.
    func write(_ request: GuestRequest, scripts: [String: String], to file: FilePath) throws {
        var request = request
        let files = try Self.modules(of: kernel, hasNetwork: request.hasNetwork)
        request.modules = files.map { "/modules/\($0.stem ?? "module")" }
        do {
            let permissions: FilePermissions = [.ownerReadWrite]
            let output = try FileDescriptor.open(
                file, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: permissions)
            try output.closeAfter {
                var archive = CPIOArchive(to: DescriptorSink(output.rawValue, name: "\(file)"))
                for directory in ["dev", "modules", "scripts"] { try archive.addDirectory(directory) }
                try archive.addCharacterDevice("dev/console", major: 5, minor: 1)
                try archive.addFile("init", mode: 0o755, SmallFile.read(guest, limit: Self.limit))
                for (file, path) in zip(files, request.modules) {
                    try archive.addFile(String(path.dropFirst()), Self.module(file))
                }
                for step in request.steps {
                    try archive.addFile(String(step.path.dropFirst()), Array((scripts[step.key] ?? "").utf8))
                }
                try archive.addFile(String(GuestRequest.path.dropFirst()), request.bytes)
                try archive.finish()
            }
        } catch let error as Errno {
            throw ToolError.io("cannot make the virtual machine's first file system", error)
        }
    }

    /// The modules that a guest loads, in order.
    static func modules(of kernel: GuestKernel, hasNetwork: Bool) throws -> [FilePath] {
        try KernelModules(of: kernel).files(
            for: drivers + (hasNetwork ? [network] : []), andIfThere: checksums)
    }

    /// Plain, whatever the distribution compresses its modules with.
    private static func module(_ file: FilePath) throws -> [UInt8] {
        let source = try DecompressingSource.open(file, limits: DecompressionLimits(output: UInt64(limit)))
        let sink = MemorySink()
        var buffer = BlockBuffer(capacity: sink.bufferSize)
        while case let count = try source.read(into: buffer.room), count > 0 {
            buffer.advance(count)
            buffer = try sink.take(buffer)
        }
        return sink.bytes
    }
}

/// Writes a cpio archive in the form that the kernel takes as an initramfs.
///
/// Source: Linux, "initramfs buffer format", type `newc`.
struct CPIOArchive {
    private let sink: any ByteSink
    private var number: UInt32 = 0
    private var position = 0

    init(to sink: any ByteSink) {
        self.sink = sink
    }

    mutating func addDirectory(_ name: String) throws { try add(name, mode: 0o040755) }

    mutating func addFile(_ name: String, mode: UInt32 = 0o644, _ bytes: [UInt8]) throws {
        try add(name, mode: 0o100000 | mode, bytes)
    }

    mutating func addCharacterDevice(_ name: String, major: UInt32, minor: UInt32) throws {
        try add(name, mode: 0o020600, device: (major, minor))
    }

    mutating func finish() throws { try add("TRAILER!!!", mode: 0) }

    private mutating func add(
        _ name: String, mode: UInt32, _ bytes: [UInt8] = [], device: (major: UInt32, minor: UInt32) = (0, 0)
    ) throws {
        number += 1
        let nameSize = UInt32(name.utf8.count + 1)
        let fields: [UInt32] = [
            number, mode, 0, 0, 1, 0, UInt32(bytes.count), 0, 0, device.major, device.minor, nameSize, 0,
        ]
        let head = fields.reduce("070701") { text, field in
            let digits = String(field, radix: 16)
            return text + String(repeating: "0", count: 8 - digits.count) + digits
        }
        try write(Array(head.utf8) + Array(name.utf8) + [0])
        try write(bytes)
    }

    /// Each part ends at a multiple of four.
    private mutating func write(_ bytes: [UInt8]) throws {
        let padding = [UInt8](repeating: 0, count: (4 - (position + bytes.count) % 4) % 4)
        try sink.write(bytes)
        try sink.write(padding)
        position += bytes.count + padding.count
    }
}
