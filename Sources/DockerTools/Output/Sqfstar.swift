import ByteIO
import Compression
import Errors
import Glibc
import Images
import MicroVM
import Processes
import SystemPackage

/// Makes a squashfs with `sqfstar`, which reads a tar.
struct Sqfstar {
    private static let lastLines = 20
    private static let name = "sqfstar"
    /// Of its caches: else it takes a quarter of the machine's memory.
    private static let memory = "256M"

    let context: Context
    let reporter: any Reporter
    /// How the files are compressed.
    var compressor = Compressor.zstd

    enum Compressor: String {
        /// Small, and slow to make. Levels are out of reach: sqfstar 4.5 takes their number for the output's name.
        case zstd
        /// Fast both ways, and half as small.
        case lz4
    }

    /// Makes the file system of a tree in a file that is there.
    ///
    /// - Throws: `ToolError` with code `unavailable` if the program is not there, `io` if it fails, `data` for what no squashfs
    ///   can hold.
    func make(_ tree: RootFilesystem, in file: FilePath) async throws {
        for path in tree.pathsLosingXattrs(in: .squashfs) {
            reporter.warn(
                "extended attributes of /\(String(decoding: path, as: UTF8.self)) are left out of the squashfs")
        }
        guard let root = tree.entry(.root) else { return }
        let lines = try ScriptOutput.start(limit: Self.lastLines) { reporter.scriptOutput($0) }
        let outcome: (status: ToolResult.Status, written: Result<Void, any Error>)
        do {
            outcome = try await run(arguments(root) + [file.string], lines) { descriptor in
                let sink = ProgressSink(to: DescriptorSink(descriptor, name: Self.name), reporter)
                _ = try RootfsWriter.write(tree, form: .squashfs, to: sink)
            }
        } catch {
            lines.finish()
            throw error
        }
        lines.finish()
        // Where it ended by itself, that is why its end of the pipe was closed.
        if case .exited(let code) = outcome.status, code != 0 {
            let said = lines.last.isEmpty ? "" : "; its last lines:" + lines.last.map { "\n    \($0)" }.joined()
            throw ToolError(
                .io, "cannot make the squashfs", cause: "\(Self.name) ended with status \(code)\(said)",
                remedy: "see that there is room for the output, or export the image as a tar")
        }
        try outcome.written.get()
        guard outcome.status == .exited(0) else {
            throw ToolError(
                .io, "cannot make the squashfs", cause: "\(Self.name) was ended by a signal",
                remedy: "see whether the machine is out of memory")
        }
        try SquashfsRoot.set(root, in: file)
    }

    private func arguments(_ root: RootfsEntry) -> [String] {
        // Inodes and owners uncompressed, for `SquashfsRoot`.
        [
            "-force", "-no-progress", "-quiet", "-exit-on-error", "-comp", compressor.rawValue, "-noI", "-mem",
            Self.memory,
            "-mkfs-time", "0", "-root-mode", String(root.mode, radix: 8), "-root-uid", "\(root.attributes.uid)",
            "-root-gid", "\(root.attributes.gid)", "-root-time", "\(SquashfsRoot.time(of: root))",
        ]
    }

    /// Runs it on what `write` writes to a pipe.
    private func run(
        _ arguments: [String], _ lines: ScriptOutput, _ write: @escaping @Sendable (Int32) throws -> Void
    ) async throws -> (ToolResult.Status, Result<Void, any Error>) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ToolError.io("cannot make a pipe for \(Self.name)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let (readEnd, writeEnd) = (ends[0], ends[1])
        // No SOURCE_DATE_EPOCH: sqfstar refuses it together with its options for times.
        var command = ToolCommand(.sqfstar, arguments, programPath: context.programPath)
        command.environment = ["TZ": "UTC"]
        command.input = FileDescriptor(rawValue: readEnd)
        command.output = .lines(lines)
        command.groups = context.processGroups
        var written: Result<Void, any Error>?
        do {
            let result = try await command.run { group in
                close(readEnd)
                let outcome = Result { try write(writeEnd) }
                if case .failure = outcome { kill(-group, SIGKILL) }
                close(writeEnd)
                written = outcome
            }
            return (result.status, written ?? .success(()))
        } catch {
            if written == nil { for end in ends { close(end) } }
            throw error
        }
    }
}

/// Sets owner and time of a squashfs's root directory where `sqfstar` did not: that of squashfs-tools 4.5 takes the options
/// and heeds the mode alone, so that the bytes would depend on who made them, and when.
///
/// Source: `squashfs_fs.h` of squashfs-tools: the superblock, the inodes' common head and the table of owners. Both tables
/// have to be uncompressed.
struct SquashfsRoot {
    private let descriptor: Int32
    private let file: FilePath

    /// Bytes of a block of metadata, and of the length that stands before each.
    private static let (blockSize, lengthSize): (UInt64, UInt64) = (8192, 2)

    /// Seconds since 1970 as the file system can hold them.
    static func time(of root: RootfsEntry) -> UInt32 { UInt32(clamping: root.attributes.modified.seconds) }

    /// - Throws: `ToolError` with code `io`; `unavailable` if the owner of the root has nothing in the file system.
    static func set(_ root: RootfsEntry, in file: FilePath) throws {
        let descriptor = file.withPlatformString { open($0, O_RDWR | O_CLOEXEC) }
        guard descriptor >= 0 else { throw ToolError.io("cannot write \(file)") }
        defer { close(descriptor) }
        let squashfs = SquashfsRoot(descriptor: descriptor, file: file)
        let owners = try squashfs.owners()
        let inode = try squashfs.number(at: 32, bytes: 8)
        for (place, id) in [(UInt64(4), root.attributes.uid), (6, root.attributes.gid)] {
            let position = try squashfs.position(inode, place)
            guard try owners[safe: Int(squashfs.number(at: position, bytes: 2))] != id else { continue }
            guard let index = owners.firstIndex(of: id) else {
                throw ToolError(
                    .unavailable, "cannot give the root of the squashfs the owner \(id)",
                    cause: "sqfstar before 4.6 makes it the owner who runs it, and no file is \(id)'s",
                    remedy: "install squashfs-tools 4.6 or later, or export the image as a tar")
            }
            try squashfs.write(UInt64(index), at: position, bytes: 2)
        }
        // A half may lie in the next block.
        let time = UInt64(Self.time(of: root))
        for half in [UInt64(0), 2] {
            try squashfs.write(time >> (8 * half) & 0xFFFF, at: squashfs.position(inode, 8 + half), bytes: 2)
        }
    }

    /// Where in the file a byte of an inode lies.
    private func position(_ inode: UInt64, _ place: UInt64) throws -> UInt64 {
        let offset = (inode & 0xFFFF) + place
        let blocks = offset / Self.blockSize + 1
        return try number(at: 64, bytes: 8) + (inode >> 16) + offset + blocks * Self.lengthSize
    }

    /// The numbers that stand for users and groups.
    private func owners() throws -> [UInt64] {
        let index = try number(at: 48, bytes: 8)
        return try (0..<number(at: 26, bytes: 2)).map { owner in
            let block = try number(at: index + owner * 4 / Self.blockSize * 8, bytes: 8)
            return try number(at: block + Self.lengthSize + owner * 4 % Self.blockSize, bytes: 4)
        }
    }

    private func number(at position: UInt64, bytes count: Int) throws -> UInt64 {
        var bytes = [UInt8](repeating: 0, count: count)
        guard pread(descriptor, &bytes, count, off_t(position)) == count else {
            throw ToolError.io("cannot read \(file)")
        }
        return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func write(_ number: UInt64, at position: UInt64, bytes count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        guard pwrite(descriptor, bytes, count, off_t(position)) == count else {
            throw ToolError.io("cannot write \(file)")
        }
    }
}

extension [UInt64] {
    fileprivate subscript(safe index: Int) -> UInt64? { indices.contains(index) ? self[index] : nil }
}
