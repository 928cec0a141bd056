import ByteIO
import Errors
import Glibc
import GuestProtocol

extension GuestStatus {
    /// Below this a disk is full, as far as scripts see: 1 MiB.
    private static let room: UInt64 = 1 << 20

    /// Why there is no layer; nil if the scripts succeeded.
    ///
    /// - Parameters:
    ///   - work: what was to be done.
    ///   - log: the last lines that the scripts wrote.
    package func failure(of work: VMJob, log: [String]) -> ToolError? {
        if result == .exited(0) { return nil }
        let last = log.isEmpty ? "" : "; its last lines:" + log.map { "\n    \($0)" }.joined()
        let what = "\(key.isEmpty ? "the virtual machine" : key) failed"
        if isOutOfMemory {
            return ToolError(
                .script, what, cause: "the virtual machine's \(work.memory) MiB of memory were not enough\(last)",
                remedy: "give it more: buildVMMemorySize = \(2 * work.memory) in the spec, in MiB")
        }
        if isOutOfProcesses {
            return ToolError(
                .script, what, cause: "it wanted more than \(work.processLimit) processes at a time\(last)",
                remedy:
                    "see whether it starts processes without end, or set buildVMMemorySize: there are 2 for each MiB")
        }
        if leastRoom < Self.room {
            return ToolError(
                .script, what, cause: "the virtual machine's disk of \(work.diskSize) MiB is full\(last)",
                remedy: "give it more: diskSize = \(2 * work.diskSize) in the spec, in MiB")
        }
        let text = work.scripts.first { $0.step.key == key }?.text ?? ""
        switch result {
        case .exited(let status):
            return ToolError(
                .script, what, cause: "it ended with status \(status)\(last)\(Self.place(in: text, log))",
                remedy: "correct \(key) in the spec")
        case .signaled(let signal):
            return ToolError(
                .script, what, cause: "it was ended by signal \(signal)\(last)", remedy: "correct \(key) in the spec")
        case .notStarted(let error):
            return ToolError(
                .script, what, cause: Self.reason(error, interpreter: Self.interpreter(of: text)),
                remedy: "bring it into the image by contents or fromImage, or begin the script with another #! line")
        case .failed(let cause):
            return ToolError(
                .unavailable, what, cause: cause,
                remedy: "see the lines above; `dockertools doctor` tells what works here")
        }
    }

    /// What a script's first line names, else the shell.
    private static func interpreter(of text: String) -> Substring {
        guard text.hasPrefix("#!") else { return "/bin/sh" }
        let line = text.dropFirst(2).prefix { !$0.isNewline }
        return line.split(separator: " ").first ?? ""
    }

    private static func reason(_ error: Int32, interpreter: Substring) -> String {
        switch error {
        case ENOENT: "the image has no '\(interpreter)', or not what that is run by"
        case ENOEXEC: "'\(interpreter)' is no program for this processor"
        case EACCES: "'\(interpreter)' may not be run"
        default: "'\(interpreter)' cannot be run: errno \(error)"
        }
    }

    /// The line of the script that a shell names in what it writes last: `…/runAsRoot: 3: …` or `…: line 3: …`.
    private static func place(in text: String, _ log: [String]) -> String {
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
