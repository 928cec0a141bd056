import CGuest
import Errors
import Glibc

/// mount(2), whose errors say what was to be mounted.
enum Mount {
    static func make(
        _ source: String, at target: String, type: String, options: String = "", isReadOnly: Bool = false
    ) throws {
        let result =
            isReadOnly
            ? cguest_mount_read_only(source, target, type, options) : cguest_mount(source, target, type, options)
        guard result == 0 else { throw ToolError.io("cannot mount \(source) at \(target) as \(type)") }
    }

    /// Without programs, devices and setuid in it.
    static func makeRestricted(_ type: String, at target: String, isReadOnly: Bool = false) throws {
        guard cguest_mount_restricted(type, target, type, isReadOnly ? 1 : 0) == 0 else {
            throw ToolError.io("cannot mount \(target)")
        }
    }

    /// A directory at another place.
    static func bind(_ source: String, at target: String, isReadOnly: Bool = false) throws {
        guard cguest_bind(source, target, isReadOnly ? 1 : 0) == 0 else {
            throw ToolError.io("cannot mount \(source) at \(target)")
        }
    }

    static func remove(_ target: String) throws {
        guard cguest_unmount(target) == 0 else { throw ToolError.io("cannot unmount \(target)") }
    }
}

/// A `/dev` as containers have it: no disks in it.
enum DeviceDirectory {
    private static let devices: [(name: String, major: UInt32, minor: UInt32)] = [
        ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
    ]
    private static let links = [
        ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx"),
    ]

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
        guard mkdir(path, 0o755) == 0 else { throw ToolError.io("cannot make the control group \(path)") }
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

/// A driver as a file of the initramfs.
enum KernelModule {
    static func load(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ToolError.io("cannot open the module \(path)") }
        defer { close(descriptor) }
        guard cguest_load_module(descriptor) == 0 || errno == EEXIST else {
            throw ToolError.io("cannot load the module \(path)")
        }
    }
}

/// A path as system calls take it: its bytes, which need not be text, and a NUL.
struct CPath {
    let chars: [CChar]

    init(_ bytes: [UInt8]) { chars = (bytes + [0]).map { CChar(bitPattern: $0) } }

    /// For people.
    var words: String { String(decoding: chars.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }
}
