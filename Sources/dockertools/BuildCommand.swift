import ArgumentParser

/// `dockertools build`
struct BuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Make an image with one layer of its own.",
        discussion: """
            The files of contents are copied into the root, over the base image if fromImage names one; later contents win. The \
            store paths that they refer to come along, unless the base has them. Writes an archive and prints its path.

            Example:
              dockertools build image.json -o image.tar.gz && docker load < image.tar.gz

            With --json it prints one object instead:
              {name, tag, imageID, output, size, layers: [{diffID, size, storePaths}]}
            sizes in bytes, size that of the output, a layer's that of its plain tar; digests as sha256:HEX.

            Docker before 23 does not read zstd: zstd -dc image.tar.zst | docker load
            skopeo 1.9 and podman 4.3 (Debian 12) misread any gzip archive: give them --compressor none or zstd
            """)

    @OptionGroup var spec: SpecOptions
    @OptionGroup var output: OutputOptions

    func run() async throws { try await output.write(spec, as: .build) }
}
