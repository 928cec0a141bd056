import CGuest
import Failures
import Glibc

/// A `/dev` as containers have it: no disks in it.
enum DeviceFolder {
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
                throw Failure.io("cannot make \(path)")
            }
        }
        for (name, target) in links { symlink(target, "/dev/\(name)") }
        mkdir("/dev/pts", 0o755)
        try Mount.make("devpts", at: "/dev/pts", type: "devpts", options: "newinstance,ptmxmode=0666,mode=620,gid=5")
        mkdir("/dev/shm", 0o1777)
        try Mount.make("tmpfs", at: "/dev/shm", type: "tmpfs", options: "mode=1777")
    }
}
