import ByteIO
import Compression
import Errors
import Glibc
import GuestProtocol
package import SystemPackage

/// The guest's first file system: the guest program, the kernel modules, the scripts and the request.
struct Initramfs {
    /// The drivers of the devices and the file systems.
    private static let drivers = ["virtio_mmio", "virtio_blk", "virtio_console", "squashfs", "overlay", "ext4"]
    /// Modules that ext4 requests by an alias, so that modules.dep does not list them.
    private static let checksums = ["crc32c_generic"]
    private static let network = "virtio_net"
    /// The largest size of the program or of a module in bytes. Those of distributions have some MiB.
    private static let limit = 256 << 20

    let kernel: GuestKernel
    let guest: FilePath

    /// Writes the file system to a file.
    ///
    /// - Parameter scripts: the text of each of the request's steps, by key.
    /// - Throws: `ToolError` with code `unavailable` if a module is missing, `io` if the file cannot be written.
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
            throw ToolError.io("cannot write the virtual machine's initramfs \(file)", error)
        }
    }

    /// The files of the modules that a guest loads, in the order of loading.
    static func modules(of kernel: GuestKernel, hasNetwork: Bool) throws -> [FilePath] {
        try KernelModules.read(of: kernel).files(
            for: drivers + (hasNetwork ? [network] : []), optional: checksums)
    }

    /// The uncompressed bytes of a module, which distributions compress in different ways.
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

/// The program that runs as PID 1 in the virtual machine.
package enum GuestProgram {
    private static let name = "dockertools-guest"

    /// Finds the program beside this one, or in ../libexec/dockertools.
    ///
    /// - Parameter directory: the directory of this program.
    /// - Throws: `ToolError` with code `unavailable` if it is in neither directory.
    package static func find(beside directory: FilePath) throws -> FilePath {
        let candidates = [
            directory.appending(name),
            directory.removingLastComponent().appending("libexec/dockertools").appending(name),
        ]
        let found = candidates.first { $0.withPlatformString { access($0, R_OK) } == 0 }
        guard let found else {
            throw ToolError(
                .unavailable, "cannot find \(name), which runs in the virtual machine",
                cause: "it is neither \(candidates[0]) nor \(candidates[1])",
                remedy: "install all programs of dockertools: make install; or build them: make build")
        }
        return found
    }
}

/// Writes a cpio archive in the format that the kernel accepts as an initramfs.
///
/// Source: Linux, "initramfs buffer format", type `newc`.
struct CPIOArchive {
    private let sink: any ByteSink
    private var number: UInt32 = 0
    private var position = 0

    init(to sink: any ByteSink) {
        self.sink = sink
    }

    /// Adds a directory with mode 0755.
    mutating func addDirectory(_ name: String) throws { try add(name, mode: 0o040755) }

    /// Adds a regular file.
    mutating func addFile(_ name: String, mode: UInt32 = 0o644, _ bytes: [UInt8]) throws {
        try add(name, mode: 0o100000 | mode, bytes)
    }

    /// Adds a character device with mode 0600.
    mutating func addCharacterDevice(_ name: String, major: UInt32, minor: UInt32) throws {
        try add(name, mode: 0o020600, device: (major, minor))
    }

    /// Writes the end of the archive.
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

    /// Writes bytes, padded to a multiple of four.
    private mutating func write(_ bytes: [UInt8]) throws {
        let padding = [UInt8](repeating: 0, count: (4 - (position + bytes.count) % 4) % 4)
        try sink.write(bytes)
        try sink.write(padding)
        position += bytes.count + padding.count
    }
}
