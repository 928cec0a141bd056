import CGuest
import Errors
import Glibc
import GuestProtocol

/// Runs a script in namespaces of its own, hands on what it writes, and watches over its limits.
struct ScriptRun {
    /// In milliseconds: how often the limits are looked at.
    private static let interval: Int32 = 100

    private let step: GuestStep
    private let request: GuestRequest
    private let root: String
    private let output: DescriptorWriter

    /// - Parameters:
    ///   - root: the directory that becomes the script's root.
    ///   - output: gets what it writes.
    init(_ step: GuestStep, _ request: GuestRequest, root: String, output: Int32) {
        self.step = step
        self.request = request
        self.root = root
        self.output = DescriptorWriter(output, name: "the port for output")
    }

    /// Runs it to its end, and ends all that it started.
    func run() throws -> GuestStatus {
        let group = try ControlGroup(step.key, processLimit: request.processLimit)
        let lines = try Pipe()
        let report = try Pipe()
        let child = cguest_clone(cguest_namespaces(request.hasNetwork ? 0 : 1))
        guard child >= 0 else { throw ToolError.io("cannot start a process") }
        if child == 0 {
            group.enter()
            ScriptSession(step, request, root: root, output: lines.writeEnd, report: report.writeEnd).run()
        }
        lines.closeWriteEnd()
        report.closeWriteEnd()
        var least = UInt64.max
        try handOn(lines) {
            least = min(least, ImageRoot.room)
            if group.isOutOfProcesses { group.end() }
        }
        while waitpid(child, nil, 0) < 0, errno == EINTR {}
        let text = String(decoding: try report.readAll(), as: UTF8.self)
        // One that was killed says nothing.
        var status =
            (try? GuestStatus(text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)))
            ?? GuestStatus(.signaled(SIGKILL))
        status.key = step.key
        status.isOutOfMemory = group.isOutOfMemory
        status.isOutOfProcesses = group.isOutOfProcesses
        status.leastRoom = min(least, ImageRoot.room)
        return status
    }

    /// Hands on what comes through the pipe until nobody has its other end any more.
    ///
    /// - Parameter watch: called now and then meanwhile.
    private func handOn(_ pipe: Pipe, watch: () -> Void) throws {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            var waiting = pollfd(fd: pipe.readEnd, events: Int16(POLLIN), revents: 0)
            let ready = poll(&waiting, 1, Self.interval)
            watch()
            guard ready > 0 else { continue }
            let count = read(pipe.readEnd, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            try buffer.withUnsafeBytes { try output.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }
}

/// How a script is run: by what its first line names, otherwise by the image's `/bin/sh -e`.
struct ScriptCommand {
    private let arguments: [String]
    private let environment: [String]

    init(_ path: String, text: [UInt8], environment: [String]) {
        arguments = text.starts(with: Array("#!".utf8)) ? [path] : ["/bin/sh", "-e", path]
        self.environment = environment
    }

    /// Turns this process into it.
    ///
    /// - Returns: the error's number, where that fails.
    func become() -> Int32 {
        var arguments: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        var environment: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) }
        arguments.append(nil)
        environment.append(nil)
        if let program = arguments.first ?? nil { execve(program, arguments, environment) }
        return errno
    }
}
