import ByteIO
import CLinux
import Errors
import Foundation
import Glibc
import Processes
import Synchronization
import SystemPackage

/// Connections to a Docker daemon on another machine, each through an ssh process of its own, as docker makes them.
///
/// HTTP is spoken to a socket of this process, and each connection to the socket becomes the standard input and output of
/// an ssh process, which `docker system dial-stdio` continues on the other machine. The socket has no name in the file
/// system: only this process, and those that may look into it, can connect. The processes end with their connections, and
/// with this process.
final class SSHConnections: Sendable {
    /// The path at which this process connects.
    let path: String
    private let listener: Int32
    /// The socket as a file, which `path` names.
    private let place: Int32
    private let processes: SSHProcesses

    /// Seconds to wait for an ssh process to end whose connection was interrupted.
    private static let patience = 5.0

    private init(path: String, listener: Int32, place: Int32, processes: SSHProcesses) {
        self.path = path
        self.listener = listener
        self.place = place
        self.processes = processes
    }

    /// Begins to accept connections.
    ///
    /// - Parameter environment: the environment of ssh: its settings and its agent are the user's.
    /// - Throws: `ToolError` with code `unavailable` if ssh is missing, /proc is not mounted or no thread can be started,
    ///   `io` if the socket cannot be made.
    static func start(_ address: SSHAddress, environment: [String: String]) throws -> SSHConnections {
        let program = try program(address, environment)
        let directory = environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        let (listener, place) = try makeSocket(below: directory)
        let connections = SSHConnections(
            path: "/proc/self/fd/\(place)", listener: listener, place: place, processes: SSHProcesses())
        try BackgroundThread.start { [processes = connections.processes] in
            while true {
                let connection = clinux_accept(listener)
                if connection < 0, errno == EINTR || errno == ECONNABORTED { continue }
                guard connection >= 0 else { break }
                processes.start(program, on: connection)
            }
            close(listener)
        }
        return connections
    }

    deinit {
        // The thread that accepts connections closes the socket.
        shutdown(listener, Int32(SHUT_RDWR))
        close(place)
    }

    /// Why a connection was interrupted: what ssh wrote to standard error, or how it ended; nil if it did not fail.
    func failure() -> String? { processes.failure(within: Self.patience) }

    private static func program(_ address: SSHAddress, _ environment: [String: String]) throws -> IsolatedProgram {
        guard let path = Tool.ssh.file(ToolCommand.programPath(in: environment)) else {
            throw ToolError(
                .unavailable, "cannot use the Docker daemon at \(address)", cause: "the program ssh is not in PATH",
                remedy: Tool.ssh.remedy)
        }
        return IsolatedProgram(
            path, arguments: address.arguments, environment: environment.map { "\($0.key)=\($0.value)" },
            directory: ".")
    }

    /// Makes a listening socket, and removes its name.
    ///
    /// The socket can still be connected to through an open file of it (proc(5), `/proc/pid/fd`).
    private static func makeSocket(below directory: String) throws -> (listener: Int32, place: Int32) {
        let failure = { (error: Errno) in
            ToolError.io(
                "cannot make a socket in '\(directory)'", error,
                remedy: "set TMPDIR to a directory that can be written to")
        }
        var template = Array("\(directory)/dockertools-ssh-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw failure(.current) }
        let name = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { rmdir(name) }
        // A socket's address has 107 bytes, which the path of the directory need not fit in.
        let parent = clinux_open_place(name)
        guard parent >= 0 else { throw failure(.current) }
        defer { close(parent) }
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw failure(.current) }
        let isListening = bind(listener, to: "/proc/self/fd/\(parent)/socket") && listen(listener, 16) == 0
        let error = Errno.current
        let place = isListening ? clinux_open_place_of(parent, "socket") : -1
        unlinkat(parent, "socket", 0)
        guard place >= 0 else {
            close(listener)
            guard access("/proc/self/fd", F_OK) == 0 else {
                throw ToolError(
                    .unavailable, "cannot make a socket for ssh", cause: "/proc is not mounted",
                    remedy: "mount /proc (mount -t proc proc /proc)")
            }
            throw failure(error)
        }
        return (listener, place)
    }

    private static func bind(_ socket: Int32, to path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}

/// The ssh processes of one daemon.
private final class SSHProcesses: Sendable {
    private struct State {
        var running = 0
        /// The reason of the last process that failed.
        var failure: String?
    }

    private let state = Mutex(State())
    private let ended = NSCondition()
    /// The lines of standard error that are kept.
    private static let lines = 5

    /// Starts a process on a thread of its own, since the kernel ends it together with the thread that started it.
    func start(_ program: IsolatedProgram, on connection: Int32) {
        state.withLock { $0.running += 1 }
        do {
            try BackgroundThread.start { [self] in end(Self.run(program, on: connection)) }
        } catch {
            close(connection)
            end((error as? ToolError)?.cause ?? "\(error)")
        }
    }

    /// Runs a process to its end.
    ///
    /// - Returns: the reason if it failed.
    private static func run(_ program: IsolatedProgram, on connection: Int32) -> String? {
        do {
            let errors = try ScriptOutput.start(limit: lines) { _ in }
            let status: ToolResult.Status
            do {
                status = try program.run(on: connection, errors: errors)
            } catch let error as SpawnError {
                errors.finish(within: 0)
                return "cannot run ssh: \(error.reason)"
            }
            // A master connection that ssh leaves behind keeps standard error open (ControlPersist, ssh_config(5)).
            errors.finish(within: 1)
            guard status != .exited(0) else { return nil }
            let text = errors.last.map { TerminalText.printable(Array($0.utf8.filter { $0 != 0x0D })) }
                .filter { !$0.isEmpty }.joined(separator: "\n")
            return text.isEmpty ? "ssh \(status)" : text
        } catch {
            close(connection)
            return (error as? ToolError)?.cause ?? "\(error)"
        }
    }

    private func end(_ failure: String?) {
        ended.lock()
        state.withLock { state in
            state.running -= 1
            if let failure { state.failure = failure }
        }
        ended.broadcast()
        ended.unlock()
    }

    /// The reason of the last process that failed, as soon as one has, or none is running.
    func failure(within seconds: Double) -> String? {
        let end = Date(timeIntervalSinceNow: seconds)
        ended.lock()
        defer { ended.unlock() }
        while state.withLock({ $0.failure == nil && $0.running > 0 }), ended.wait(until: end) {}
        return state.withLock { $0.failure }
    }
}
