import ByteIO
import CGuest
import Errors
import Glibc
import GuestProtocol

/// The first process of a script's namespaces: prepares its root and devices, starts it, and exits after it.
///
/// When this process exits, the kernel kills all processes in the namespaces and removes the mounts.
struct ScriptSession {
    /// The layer's directory for a script with place `layer`. It exists only in the view of that script.
    private static let layerDirectory = "/tmp/layer"
    private static let scriptDirectory = "/dev/dockertools"

    private let step: GuestStep
    private let request: GuestRequest
    private let root: String
    private let output: Int32
    private let report: Int32

    /// - Parameters:
    ///   - output: the descriptor that receives the script's output.
    ///   - report: the descriptor that receives the lines of a `GuestStatus`.
    init(_ step: GuestStep, _ request: GuestRequest, root: String, output: Int32, report: Int32) {
        self.step = step
        self.request = request
        self.root = root
        self.output = output
        self.report = report
    }

    /// Runs the script and exits.
    func run() -> Never {
        let result: GuestStatus.Result
        do {
            let text = try SystemFile.bytes(of: step.path)
            let layer = open(ImageRoot.upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            try enterRoot()
            let script = "\(Self.scriptDirectory)/\(step.key)"
            try write(text, to: script)
            if step.place == .layer { try enterLayer(layer) }
            umask(0o022)
            result = try start(ScriptCommand(script, text: text, environment: request.environment))
        } catch let error as ToolError {
            result = .failed("\(error.message): \(error.cause)")
        } catch {
            result = .failed("\(error)")
        }
        send(result)
        _exit(0)
    }

    private func enterRoot() throws {
        guard cguest_make_private() == 0, chroot(root) == 0, chdir("/") == 0 else {
            throw ToolError.io("cannot enter the image's root")
        }
        umask(0)
        try Mount.makeRestricted("proc", at: "/proc")
        try Mount.makeRestricted("sysfs", at: "/sys", isReadOnly: true)
        try DeviceDirectory.make()
        guard mkdir(Self.scriptDirectory, 0o755) == 0 else { throw ToolError.io("cannot make \(Self.scriptDirectory)") }
        if step.place == .root, let storeDir = request.storeDir {
            try Mount.bind(storeDir, at: storeDir, isReadOnly: true)
        }
        let name = "localhost"
        sethostname(name, name.utf8.count)
        guard cguest_start_loopback() == 0 else { throw ToolError.io("cannot start the loopback interface") }
        if request.hasNetwork { try startNetwork() }
    }

    private func startNetwork() throws {
        guard cguest_start_network() == 0 || errno == EEXIST else { throw ToolError.io("cannot start the network") }
        let own = "\(Self.scriptDirectory)/resolv.conf"
        // The name server of QEMU's user network.
        try write(Array("nameserver 10.0.2.3\n".utf8), to: own, mode: 0o644)
        // If the file is a dangling link, nothing is mounted and names are not resolved.
        if access(MountPoints.resolverFile, F_OK) == 0 { try Mount.bind(own, at: MountPoints.resolverFile) }
    }

    private func enterLayer(_ layer: Int32) throws {
        try Mount.make("tmpfs", at: "/tmp", type: "tmpfs", options: "mode=1777")
        guard mkdir(Self.layerDirectory, 0o755) == 0 else { throw ToolError.io("cannot make \(Self.layerDirectory)") }
        try Mount.bind("/proc/self/fd/\(layer)", at: Self.layerDirectory)
        guard chdir(Self.layerDirectory) == 0 else { throw ToolError.io("cannot enter the layer's directory") }
    }

    private func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o755) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw ToolError.io("cannot write \(path)") }
        defer { close(descriptor) }
        try DescriptorWriter(descriptor, name: path).write(bytes)
    }

    /// Starts the script and waits for it. Orphaned processes are reaped meanwhile.
    private func start(_ command: ScriptCommand) throws -> GuestStatus.Result {
        // Closed when the program starts; otherwise it receives errno.
        let failure = try Pipe.open()
        let child = cguest_clone(0)
        if child == 0 {
            setsid()
            let null = open("/dev/null", O_RDONLY)
            for (from, to) in [(null, STDIN_FILENO), (output, STDOUT_FILENO), (output, STDERR_FILENO)] {
                dup2(from, to)
            }
            close(null)
            try? DescriptorWriter(failure.writeEnd, name: "a pipe").write("\(command.execute())")
            _exit(0)
        }
        guard child > 0 else { return .notStarted(errno) }
        close(output)
        failure.closeWriteEnd()
        if let error = Int32(String(decoding: try failure.readAll(), as: UTF8.self)) { return .notStarted(error) }
        while true {
            var status: Int32 = 0
            let ended = wait(&status)
            if ended < 0, errno == EINTR { continue }
            guard ended >= 0 else { return .signaled(SIGKILL) }
            guard ended == child else { continue }
            let signal = status & 0x7F
            return signal == 0 ? .exited(status >> 8 & 0xFF) : .signaled(signal)
        }
    }

    private func send(_ result: GuestStatus.Result) {
        let text = GuestStatus(result).lines.joined(separator: "\n")
        try? DescriptorWriter(report, name: "a pipe").write(text)
    }
}
