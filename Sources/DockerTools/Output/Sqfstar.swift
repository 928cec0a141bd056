import ByteIO
import Compression
import Errors
import Glibc
import Images
import MicroVM
import Processes
import SystemPackage
import Tar

/// Creates squashfs file systems with the program `sqfstar`, which reads a tar.
struct Sqfstar {
    /// The number of output lines that an error repeats.
    private static let lastLines = 20
    private static let name = "sqfstar"
    /// The size of its caches. The default is a quarter of the machine's memory.
    private static let memory = "256M"

    let context: Context
    /// The compression of the files.
    var compressor = Compressor.zstd

    /// A compression of squashfs.
    enum Compressor: String {
        /// Small results at a low speed. The level cannot be set: sqfstar 4.5 takes its number as the output's name.
        case zstd
        /// Fast in both directions; the results are about twice as large as with zstd.
        case lz4
    }

    private var reporter: any Reporter { context.reporter }

    /// Writes the file system of a tree to an existing file.
    ///
    /// - Throws: `ToolError` with code `unavailable` if the program is missing, `io` if it fails, `data` for a file that a
    ///   squashfs cannot hold.
    func make(_ tree: RootFilesystem, in file: FilePath) async throws {
        for path in tree.pathsLosingXattrs(in: .squashfs) {
            reporter.warn(
                "extended attributes of /\(String(decoding: path, as: UTF8.self)) are left out of the squashfs")
        }
        guard let root = tree.entry(.root) else { return }
        let lines = try ScriptOutput.start(limit: Self.lastLines) { context.reporter.scriptOutput($0) }
        let outcome: (status: ToolResult.Status, written: Result<Void, any Error>)
        do {
            outcome = try await run(arguments(root) + [file.string], lines) { descriptor in
                let sink = ProgressSink(to: DescriptorSink(descriptor, name: Self.name), context.reporter)
                _ = try RootfsWriter.write(tree, form: .squashfs, to: sink)
            }
        } catch {
            lines.finish()
            throw error
        }
        lines.finish()
        // An error of the program explains an error of writing to its pipe, so it is reported first.
        if case .exited(let code) = outcome.status, code != 0 {
            let output = lines.last.isEmpty ? "" : "; its last lines:" + lines.last.map { "\n    \($0)" }.joined()
            throw ToolError(
                .io, "cannot create the squashfs", cause: "\(Self.name) ended with status \(code)\(output)",
                remedy: "free some space for the output, or export the image as a tar")
        }
        try outcome.written.get()
        guard outcome.status == .exited(0) else {
            throw ToolError(
                .io, "cannot create the squashfs", cause: "\(Self.name) was ended by a signal",
                remedy: "check whether the machine is out of memory")
        }
        try SquashfsRoot.set(root, in: file)
    }

    private func arguments(_ root: RootfsEntry) -> [String] {
        // `SquashfsRoot` needs uncompressed inodes and owners.
        [
            "-force", "-no-progress", "-quiet", "-exit-on-error", "-comp", compressor.rawValue, "-noI", "-mem",
            Self.memory,
            "-mkfs-time", "0", "-root-mode", String(root.mode, radix: 8), "-root-uid", "\(root.attributes.uid)",
            "-root-gid", "\(root.attributes.gid)", "-root-time", "\(SquashfsRoot.time(of: root))",
        ]
    }

    /// Runs the program with the output of `write` as its standard input.
    private func run(
        _ arguments: [String], _ lines: ScriptOutput, _ write: @escaping @Sendable (Int32) throws -> Void
    ) async throws -> (ToolResult.Status, Result<Void, any Error>) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ToolError.io("cannot create a pipe for \(Self.name)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let (readEnd, writeEnd) = (ends[0], ends[1])
        // sqfstar refuses its time options if SOURCE_DATE_EPOCH is set.
        var command = ToolCommand(.sqfstar, arguments, programPath: context.programPath)
        command.environment = ["TZ": "UTC"]
        command.diesWithParent = true
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

/// Sets the owner and the time of a squashfs's root directory.
///
/// sqfstar of squashfs-tools 4.5 accepts the options for both but ignores them, so that its output depends on the user and
/// the time.
///
/// Source: `squashfs_fs.h` of squashfs-tools: the superblock, the common header of inodes and the ID table. Both tables
/// have to be uncompressed.
struct SquashfsRoot {
    private let descriptor: Int32
    private let file: FilePath

    /// The sizes of a metadata block and of the length before each block, in bytes.
    private static let (blockSize, lengthSize): (UInt64, UInt64) = (8192, 2)

    /// The time of the root in seconds since 1970, limited to the 32 bits of squashfs.
    static func time(of root: RootfsEntry) -> UInt32 { UInt32(clamping: root.attributes.modified.seconds) }

    /// Sets the owner and the time.
    ///
    /// - Throws: `ToolError` with code `io`; `unavailable` if the ID table lacks the owner.
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
                    .unavailable, "cannot set the owner of the squashfs's root to \(id)",
                    cause:
                        "sqfstar before 4.6 sets the user who runs it as the owner, and no other file belongs to \(id)",
                    remedy: "install squashfs-tools 4.6 or later, or export the image as a tar")
            }
            try squashfs.write(UInt64(index), at: position, bytes: 2)
        }
        // The two halves may be in different blocks.
        let time = UInt64(Self.time(of: root))
        for half in [UInt64(0), 2] {
            try squashfs.write(time >> (8 * half) & 0xFFFF, at: squashfs.position(inode, 8 + half), bytes: 2)
        }
    }

    /// The position in the file of a byte of an inode.
    private func position(_ inode: UInt64, _ place: UInt64) throws -> UInt64 {
        let offset = (inode & 0xFFFF) + place
        let blocks = offset / Self.blockSize + 1
        return try number(at: 64, bytes: 8) + (inode >> 16) + offset + blocks * Self.lengthSize
    }

    /// The ID table: the IDs of all users and groups.
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
