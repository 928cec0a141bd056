import Errors
import Glibc
import GuestProtocol

extension GuestStatus {
    /// Less free space than this, 1 MiB, counts as a full disk.
    private static let fullDisk: UInt64 = 1 << 20

    /// The error of a run that made no layer; nil if all scripts succeeded.
    ///
    /// - Parameters:
    ///   - job: the job of the virtual machine.
    ///   - log: the last lines of the scripts' output.
    ///   - hasNetwork: whether the scripts could use the network.
    func failure(of job: VMJob, log: [String], hasNetwork: Bool) -> ToolError? {
        if result == .exited(0) { return nil }
        let last = log.isEmpty ? "" : "; its last lines:" + log.map { "\n    \($0)" }.joined()
        let message = "\(key.isEmpty ? "the virtual machine" : key) failed"
        if let error = exhaustion(of: job, message, last) { return error }
        let text = job.scripts.first { $0.step.key == key }?.text ?? ""
        let network = hasNetwork ? nil : NetworkHint(log: log, text: text, key: key).remedy
        switch result {
        case .exited(let status):
            return ToolError(
                .script, message, cause: "it ended with status \(status)\(last)\(Self.line(of: text, log))",
                remedy: network ?? "correct \(key) in the spec")
        case .signaled(let signal):
            return ToolError(
                .script, message, cause: "it was ended by signal \(signal)\(last)", remedy: "correct \(key) in the spec"
            )
        case .notStarted(let error):
            return ToolError(
                .script, message, cause: Self.reason(error, interpreter: Self.interpreter(of: text)),
                remedy: "add the interpreter with contents or fromImage, or begin the script with another #! line")
        case .failed(let cause):
            return ToolError(
                .unavailable, message, cause: cause,
                remedy: "see the lines above; `dockertools doctor` shows what works on this machine")
        }
    }

    /// The error if memory, processes or disk space were exhausted.
    private func exhaustion(of job: VMJob, _ message: String, _ last: String) -> ToolError? {
        if isOutOfMemory {
            return ToolError(
                .script, message, cause: "the virtual machine's \(job.memory) MiB of memory were not enough\(last)",
                remedy: "set buildVMMemorySize = \(2 * job.memory) in the spec; the unit is MiB")
        }
        if isOutOfProcesses {
            return ToolError(
                .script, message, cause: "it started more than \(job.processLimit) processes at a time\(last)",
                remedy:
                    "check that it does not start processes without end, or increase buildVMMemorySize: "
                    + "2 processes are allowed per MiB")
        }
        guard leastRoom < Self.fullDisk else { return nil }
        return ToolError(
            .script, message, cause: "the virtual machine's disk of \(job.diskSize) MiB is full\(last)",
            remedy: "set diskSize = \(2 * job.diskSize) in the spec; the unit is MiB")
    }

    /// The interpreter in a script's first line, else the shell.
    private static func interpreter(of text: String) -> Substring {
        guard text.hasPrefix("#!") else { return "/bin/sh" }
        let line = text.dropFirst(2).prefix { !$0.isNewline }
        return line.split(separator: " ").first ?? ""
    }

    private static func reason(_ error: Int32, interpreter: Substring) -> String {
        switch error {
        case ENOENT: "the image does not have '\(interpreter)', or lacks its loader"
        case ENOEXEC: "'\(interpreter)' is not a program for this processor"
        case EACCES: "'\(interpreter)' is not executable"
        default: "'\(interpreter)' cannot be run: errno \(error)"
        }
    }

    /// The script's line that a shell reports last: `…/runAsRoot: 3: …` or `…: line 3: …`.
    private static func line(of text: String, _ log: [String]) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for line in log.reversed() {
            guard let match = line.firstMatch(of: #/^/dev/dockertools/\S+: (?:line )?(\d+): /#),
                let number = Int(match.output.1), lines.indices.contains(number - 1)
            else { continue }
            return "\n    line \(number) of the script: \(lines[number - 1])"
        }
        return ""
    }
}
