import TestSupport

/// An image that Docker's own builder built, and its archive from `docker save`.
struct DockerBuild {
    let name: String
    /// The path of the archive.
    let archive: String
    private let directory: TemporaryDirectory

    /// - Parameters:
    ///   - rootfs: a script that writes `rootfs.tar` and the other files of the build context.
    ///   - dockerfile: the Dockerfile; it adds `rootfs.tar`.
    init(_ name: String, rootfs: String, dockerfile: String) throws {
        directory = try TemporaryDirectory()
        self.name = name
        archive = directory.path("image.tar")
        let docker = try DockerDaemon.shared
        try Program.output(["bash", "-e", "-c", rootfs], in: directory.path)
        try directory.write(Array(dockerfile.utf8), to: "Dockerfile")
        try docker.output(["build", "--quiet", "--network", "none", "--tag", name, directory.path])
        try docker.output(["save", "--output", archive, name])
    }
}
