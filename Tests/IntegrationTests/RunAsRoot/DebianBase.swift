import TestSupport

/// A Debian base image, built by mmdebstrap and saved by Docker, with setcap, and with redis but without redis's user.
struct DebianBase {
    static let name = "debian/base:1"

    /// The path of the archive, which is built at its first use.
    static var archive: String { get throws { try made.get().archive } }

    private let directory: TemporaryDirectory
    private let archive: String

    private static let made = Result { try DebianBase() }

    private init() throws {
        directory = try TemporaryDirectory()
        archive = directory.path("base.tar")
        let docker = try DockerDaemon.shared
        try Program.output([
            "mmdebstrap", "--quiet", "--variant=minbase", "--include=redis-server,libcap2-bin",
            "--aptopt=Acquire::Languages \"none\"", "--customize-hook=chroot \"$1\" userdel redis",
            "--customize-hook=rm -rf \"$1\"/var/lib/apt/lists \"$1\"/usr/share/man \"$1\"/usr/share/locale", "bookworm",
            directory.path("rootfs.tar"),
        ])
        try docker.output(["import", directory.path("rootfs.tar"), Self.name])
        try docker.output(["save", "--output", archive, Self.name])
    }
}
