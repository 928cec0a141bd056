import Archives
import Failures
import Glibc
import Images
import Processes
import Subprocess
import SystemPackage
import Tar

/// Makes a squashfs with `sqfstar`, which reads a tar.
struct Sqfstar {
    private static let lastLines = 20
    private static let name = "sqfstar"
    /// Of its caches: else it takes a quarter of the machine's memory.
    private static let memory = "256M"

    let surroundings: Surroundings
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
    /// - Throws: `Failure` with code `unavailable` if the program is not there, `io` if it fails, `data` for what no squashfs
    ///   can hold.
    func make(_ tree: FlatTree, in file: FilePath) async throws {
        for path in tree.pathsLosingXattrs(in: .squashfs) {
            reporter.warn(
                "extended attributes of /\(String(decoding: path, as: UTF8.self)) are left out of the squashfs")
        }
        guard let root = tree.entry(.root) else { return }
        let lines = try ScriptOutput(limit: Self.lastLines) { reporter.scriptOutput($0) }
        let outcome: (status: TerminationStatus, written: Result<Void, any Error>)
        do {
            outcome = try await run(arguments(root) + [file.string], lines) { descriptor in
                let sink = ProgressSink(to: DescriptorSink(descriptor, name: Self.name), reporter)
                _ = try FlatTreeWriter.write(tree, form: .squashfs, to: sink)
            }
        } catch let error as SubprocessError {
            lines.finish()
            throw Failure(
                .unavailable, "cannot run \(Self.name)", why: "\(error)",
                advice: "install the package squashfs-tools: apt-get install squashfs-tools")
        }
        lines.finish()
        // Where it ended by itself, that is why its end of the pipe was closed.
        if case .exited(let code) = outcome.status, code != 0 {
            let said = lines.last.isEmpty ? "" : "; its last lines:" + lines.last.map { "\n    \($0)" }.joined()
            throw Failure(
                .io, "cannot make the squashfs", why: "\(Self.name) ended with status \(code)\(said)",
                advice: "see that there is room for the output, or export the image as a tar")
        }
        try outcome.written.get()
        guard outcome.status.isSuccess else {
            throw Failure(
                .io, "cannot make the squashfs", why: "\(Self.name) was ended by a signal",
                advice: "see whether the machine is out of memory")
        }
        try SquashfsRoot.set(root, in: file)
    }

    private func arguments(_ root: FlatEntry) -> [String] {
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
    ) async throws -> (TerminationStatus, Result<Void, any Error>) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure.io("cannot make a pipe for \(Self.name)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let (readEnd, writeEnd) = (ends[0], ends[1])
        var options = PlatformOptions()
        options.processGroupID = 0
        // No SOURCE_DATE_EPOCH: it and the options of time exclude each other.
        let configuration = Configuration(
            executable: .name(Self.name), arguments: Arguments(arguments),
            environment: .custom(["PATH": surroundings.programPath, "LC_ALL": "C", "TZ": "UTC"]),
            platformOptions: options)
        let output = FileDescriptor(rawValue: lines.writeEnd)
        do {
            let outcome = try await Subprocess.run(
                configuration,
                input: .fileDescriptor(FileDescriptor(rawValue: readEnd), closeAfterSpawningProcess: false),
                output: .fileDescriptor(output, closeAfterSpawningProcess: false),
                error: .fileDescriptor(output, closeAfterSpawningProcess: false)
            ) { execution in
                let group = pid_t(execution.processIdentifier.value)
                Cleanup.shared.add(group: group)
                close(readEnd)
                let written = Result { try write(writeEnd) }
                if case .failure = written { kill(-group, SIGKILL) }
                close(writeEnd)
                return (group, written)
            }
            Cleanup.shared.remove(group: outcome.closureResult.0)
            return (outcome.terminationStatus, outcome.closureResult.1)
        } catch {
            for end in ends { close(end) }
            throw error
        }
    }
}
