import CGuest
import Errors
import Glibc
import GuestProtocol

/// Runs a script in its own namespaces, forwards its output and enforces its limits.
struct ScriptRun {
    /// The interval in which the limits are checked, in milliseconds.
    private static let interval: Int32 = 100

    private let step: GuestStep
    private let request: GuestRequest
    private let root: String
    private let output: DescriptorWriter

    /// - Parameters:
    ///   - root: the directory that becomes the script's root.
    ///   - output: the descriptor that receives its output.
    init(_ step: GuestStep, _ request: GuestRequest, root: String, output: Int32) {
        self.step = step
        self.request = request
        self.root = root
        self.output = DescriptorWriter(output, name: "the port for output")
    }

    /// Runs the script to its end and kills all processes that it started.
    ///
    /// - Throws: `ToolError` with code `io`.
    func run() throws -> GuestStatus {
        let group = try ControlGroup.make(step.key, processLimit: request.processLimit)
        let lines = try Pipe.open()
        let report = try Pipe.open()
        let child = cguest_clone(cguest_namespaces(request.hasNetwork ? 0 : 1))
        guard child >= 0 else { throw ToolError.io("cannot start a process") }
        if child == 0 {
            group.enter()
            ScriptSession(step, request, root: root, output: lines.writeEnd, report: report.writeEnd).run()
        }
        lines.closeWriteEnd()
        report.closeWriteEnd()
        var least = UInt64.max
        try forward(lines) {
            least = min(least, ImageRoot.room)
            if group.isOutOfProcesses { group.kill() }
        }
        while waitpid(child, nil, 0) < 0, errno == EINTR {}
        let text = String(decoding: try report.readAll(), as: UTF8.self)
        // A session that was killed reports nothing.
        var status =
            (try? GuestStatus(text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)))
            ?? GuestStatus(.signaled(SIGKILL))
        status.key = step.key
        status.isOutOfMemory = group.isOutOfMemory
        status.isOutOfProcesses = group.isOutOfProcesses
        status.leastRoom = min(least, ImageRoot.room)
        return status
    }

    /// Forwards the bytes of a pipe until its writing end is closed everywhere.
    ///
    /// - Parameter check: called after each read and at least once per interval.
    private func forward(_ pipe: Pipe, check: () -> Void) throws {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            var waiting = pollfd(fd: pipe.readEnd, events: Int16(POLLIN), revents: 0)
            let ready = poll(&waiting, 1, Self.interval)
            check()
            guard ready > 0 else { continue }
            let count = read(pipe.readEnd, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            try buffer.withUnsafeBytes { try output.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }
}

/// The command that runs a script: its interpreter if the first line names one, else the image's `/bin/sh -e`.
struct ScriptCommand {
    private let arguments: [String]
    private let environment: [String]

    init(_ path: String, text: [UInt8], environment: [String]) {
        arguments = text.starts(with: Array("#!".utf8)) ? [path] : ["/bin/sh", "-e", path]
        self.environment = environment
    }

    /// Replaces this process by the command (execve(2)).
    ///
    /// - Returns: errno; only if the call fails.
    func execute() -> Int32 {
        var arguments: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        var environment: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) }
        arguments.append(nil)
        environment.append(nil)
        if let program = arguments.first ?? nil { execve(program, arguments, environment) }
        return errno
    }
}
