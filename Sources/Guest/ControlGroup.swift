import Failures
import Glibc

/// The control group that a script and all that it starts are in (cgroups(7), version 2): what goes wrong for want of
/// memory or processes goes wrong there, and the kernel tells of it.
///
/// A kernel without these controllers sets no limits.
struct ControlGroup {
    private static let root = "/cgroup"
    /// Bytes that the guest itself keeps.
    private static let reserve = 16 << 20

    private let path: String

    init(_ name: String, processLimit: Int) throws {
        path = "\(Self.root)/\(name)"
        if access("\(Self.root)/cgroup.procs", F_OK) != 0 {
            try Mount.make("cgroup2", at: Self.root, type: "cgroup2")
        }
        SystemFile.set("\(Self.root)/cgroup.subtree_control", to: "+memory +pids")
        guard mkdir(path, 0o755) == 0 else { throw Failure.io("cannot make the control group \(path)") }
        SystemFile.set("\(path)/pids.max", to: "\(processLimit)")
        // All of it goes with the one process that there is no memory for: half a script would be worse.
        SystemFile.set("\(path)/memory.oom.group", to: "1")
        if let available = SystemFile.number("MemAvailable:", in: "/proc/meminfo") {
            SystemFile.set("\(path)/memory.max", to: "\(max(available * 1024 - Self.reserve, Self.reserve))")
        }
    }

    /// Takes the calling process in, and all that it starts from now on.
    func enter() { SystemFile.set("\(path)/cgroup.procs", to: "0") }

    /// Ends all that is in it.
    func end() { SystemFile.set("\(path)/cgroup.kill", to: "1") }

    var isOutOfMemory: Bool { (SystemFile.number("oom_kill", in: "\(path)/memory.events") ?? 0) > 0 }
    var isOutOfProcesses: Bool { (SystemFile.number("max", in: "\(path)/pids.events") ?? 0) > 0 }
}
