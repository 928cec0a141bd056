import ByteIO
import CGuest
import Errors
import Glibc
import GuestProtocol

/// The first process of a script's namespaces: gives it its root and its devices, starts it, and ends when it does; then
/// the kernel ends all that is left in the namespaces, and takes the mounts away.
struct ScriptSession {
    /// Where a script in the layer finds it, in a directory that only its view of the image has.
    private static let layerDirectory = "/tmp/layer"
    private static let scriptDirectory = "/dev/dockertools"

    private let step: GuestStep
    private let request: GuestRequest
    private let root: String
    private let output: Int32
    private let report: Int32

    /// - Parameters:
    ///   - output: gets what the script writes.
    ///   - report: gets the lines of a `GuestStatus`.
    init(_ step: GuestStep, _ request: GuestRequest, root: String, output: Int32, report: Int32) {
        self.step = step
        self.request = request
        self.root = root
        self.output = output
        self.report = report
    }

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
        } catch let failure as ToolError {
            result = .failed("\(failure.message): \(failure.cause)")
        } catch {
            result = .failed("\(error)")
        }
        tell(result)
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
        // Where QEMU's user network has its name server.
        try write(Array("nameserver 10.0.2.3\n".utf8), to: own, mode: 0o644)
        // A link that leads nowhere is left alone: names are not resolved then.
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

    /// Starts the script, and waits for it; what loses its parent on the way is buried here, too.
    private func start(_ command: ScriptCommand) throws -> GuestStatus.Result {
        // Closed by the program that starts; else it holds the number of the error.
        let failure = try Pipe()
        let child = cguest_clone(0)
        if child == 0 {
            setsid()
            let null = open("/dev/null", O_RDONLY)
            for (from, to) in [(null, STDIN_FILENO), (output, STDOUT_FILENO), (output, STDERR_FILENO)] {
                dup2(from, to)
            }
            close(null)
            try? DescriptorWriter(failure.writeEnd, name: "a pipe").write("\(command.become())")
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

    private func tell(_ result: GuestStatus.Result) {
        let text = GuestStatus(result).lines.joined(separator: "\n")
        try? DescriptorWriter(report, name: "a pipe").write(text)
    }
}
