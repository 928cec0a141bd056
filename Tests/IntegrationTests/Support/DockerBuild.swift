import TestSupport

/// An image that Docker's own builder made, and the archive that `docker save` wrote of it.
struct DockerBuild {
    let name: String
    /// The archive.
    let archive: String
    private let directory: TemporaryDirectory

    /// - Parameters:
    ///   - rootfs: a script that makes `rootfs.tar`, and whatever else the image is made from.
    ///   - dockerfile: adds it.
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
