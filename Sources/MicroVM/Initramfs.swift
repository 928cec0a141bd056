import Archives
import Failures
import GuestProtocol
import SystemPackage
import Tar

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
    /// - Throws: `Failure` with code `unavailable` for what is missing.
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
                for folder in ["dev", "modules", "scripts"] { try archive.addFolder(folder) }
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
            throw Failure.io("cannot make the virtual machine's first file system", error)
        }
    }

    /// The modules that a guest loads, in order.
    static func modules(of kernel: GuestKernel, hasNetwork: Bool) throws -> [FilePath] {
        try KernelModules(of: kernel).files(
            for: drivers + (hasNetwork ? [network] : []), andIfThere: checksums)
    }

    /// Plain, whatever the distribution compresses its modules with.
    private static func module(_ file: FilePath) throws -> [UInt8] {
        let source = try ArchiveSource.open(file, limits: ReadingLimits(output: UInt64(limit)))
        let sink = MemorySink()
        var buffer = BlockBuffer(capacity: sink.bufferSize)
        while case let count = try source.read(into: buffer.room), count > 0 {
            buffer.advance(count)
            buffer = try sink.take(buffer)
        }
        return sink.bytes
    }
}
