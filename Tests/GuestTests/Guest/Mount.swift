import CGuest
import Errors
import Glibc

/// mount(2) and umount(2) with errors that name the mount point.
enum Mount {
    /// Mounts a file system.
    static func make(
        _ source: String, at target: String, type: String, options: String = "", isReadOnly: Bool = false
    ) throws {
        let result =
            isReadOnly
            ? cguest_mount_read_only(source, target, type, options) : cguest_mount(source, target, type, options)
        guard result == 0 else { throw ToolError.io("cannot mount \(source) at \(target) as \(type)") }
    }

    /// Mounts a file system of the kernel with nosuid, nodev and noexec.
    static func makeRestricted(_ type: String, at target: String, isReadOnly: Bool = false) throws {
        guard cguest_mount_restricted(type, target, type, isReadOnly ? 1 : 0) == 0 else {
            throw ToolError.io("cannot mount \(target)")
        }
    }

    /// Mounts a directory at a second path.
    static func bind(_ source: String, at target: String, isReadOnly: Bool = false) throws {
        guard cguest_bind(source, target, isReadOnly ? 1 : 0) == 0 else {
            throw ToolError.io("cannot mount \(source) at \(target)")
        }
    }

    /// Unmounts a file system.
    static func remove(_ target: String) throws {
        guard cguest_unmount(target) == 0 else { throw ToolError.io("cannot unmount \(target)") }
    }
}

/// A `/dev` like that of containers, without disks.
enum DeviceDirectory {
    private static let devices: [(name: String, major: UInt32, minor: UInt32)] = [
        ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
    ]
    private static let links = [
        ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx"),
    ]

    /// Mounts and fills `/dev`.
    static func make() throws {
        try Mount.make("tmpfs", at: "/dev", type: "tmpfs", options: "mode=755")
        for device in devices {
            let path = "/dev/\(device.name)"
            guard mknod(path, S_IFCHR | 0o666, cguest_device(device.major, device.minor)) == 0 else {
                throw ToolError.io("cannot make \(path)")
            }
        }
        for (name, target) in links { symlink(target, "/dev/\(name)") }
        mkdir("/dev/pts", 0o755)
        try Mount.make("devpts", at: "/dev/pts", type: "devpts", options: "newinstance,ptmxmode=0666,mode=620,gid=5")
        mkdir("/dev/shm", 0o1777)
        try Mount.make("tmpfs", at: "/dev/shm", type: "tmpfs", options: "mode=1777")
    }
}

/// The control group of a script and its processes (cgroups(7), version 2), which limits memory and processes and
/// reports when a limit was reached.
///
/// On a kernel without these controllers there are no limits.
struct ControlGroup {
    private static let root = "/cgroup"
    /// The memory that is reserved for the guest program, in bytes.
    private static let reserve = 16 << 20

    private let path: String

    /// Makes a control group.
    ///
    /// - Throws: `ToolError` with code `io`.
    static func make(_ name: String, processLimit: Int) throws -> ControlGroup {
        let path = "\(root)/\(name)"
        if access("\(root)/cgroup.procs", F_OK) != 0 {
            try Mount.make("cgroup2", at: root, type: "cgroup2")
        }
        SystemFile.set("\(root)/cgroup.subtree_control", to: "+memory +pids")
        guard mkdir(path, 0o755) == 0 else { throw ToolError.io("cannot make the control group \(path)") }
        SystemFile.set("\(path)/pids.max", to: "\(processLimit)")
        // If one process is killed for lack of memory, the whole script is, so that it cannot go on half done.
        SystemFile.set("\(path)/memory.oom.group", to: "1")
        if let available = SystemFile.number("MemAvailable:", in: "/proc/meminfo") {
            SystemFile.set("\(path)/memory.max", to: "\(max(available * 1024 - reserve, reserve))")
        }
        return ControlGroup(path: path)
    }

    /// Moves the calling process into the group, with all processes that it starts later.
    func enter() { SystemFile.set("\(path)/cgroup.procs", to: "0") }

    /// Kills all processes of the group.
    func kill() { SystemFile.set("\(path)/cgroup.kill", to: "1") }

    /// True if the kernel killed processes because memory was exhausted.
    var isOutOfMemory: Bool { (SystemFile.number("oom_kill", in: "\(path)/memory.events") ?? 0) > 0 }
    /// True if the limit on processes was reached.
    var isOutOfProcesses: Bool { (SystemFile.number("max", in: "\(path)/pids.events") ?? 0) > 0 }
}

/// The kernel modules of the initramfs.
enum KernelModule {
    /// Loads a module unless it is loaded already.
    ///
    /// - Throws: `ToolError` with code `io`.
    static func load(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ToolError.io("cannot open the module \(path)") }
        defer { close(descriptor) }
        guard cguest_load_module(descriptor) == 0 || errno == EEXIST else {
            throw ToolError.io("cannot load the module \(path)")
        }
    }
}

/// A path for system calls: bytes that need not be UTF-8, with a NUL at the end.
struct CPath: CustomStringConvertible {
    let chars: [CChar]

    init(_ bytes: [UInt8]) { chars = (bytes + [0]).map { CChar(bitPattern: $0) } }

    /// The path as text for errors.
    var description: String { String(decoding: chars.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }
}
