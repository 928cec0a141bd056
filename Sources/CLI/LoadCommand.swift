import ArgumentParser
import DockerTools

/// `dockertools load`
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Load an image into a Docker daemon, without the layers that it has.",
        discussion: """
            The daemon is asked which layers it has, and the others are sent to it, from where they lie: no archive is written. \
            podman's service and a daemon with containerd's image store want all layers of an image that they have not.

            Without --host the daemon is DOCKER_HOST's (unix://, tcp://; with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH), that of \
            docker's current context, or the one of this machine; else podman's service.

            Example:
              dockertools load image.toml && docker run --rm image

            It prints the image's name and tag, or its ID if it has none. With --json it prints one object instead:
              {name, tag, imageID, output, size, layers: [{diffID, size, storePaths}], sent: {layers, bytes}, spared}
            output is the daemon's address, size and sent.bytes what was sent to it; spared are the layers that it had. Sizes \
            are in bytes of plain tars; of a layer that was spared and lies in an archive, that of its file.

            \(ReadingOptions.eventsDiscussion)
            """)

    @OptionGroup var image: ImageOptions

    @Option(
        name: [.customShort("H"), .long],
        help: ArgumentHelp("The daemon: unix:///run/docker.sock, tcp://HOST:2376.", valueName: "address"))
    var host: String?

    @Flag(help: "Print what is known of the image as JSON instead of its name.")
    var json = false

    func run() async throws {
        let result = try await Load(
            image.argument, host: host, context: image.context,
            reporter: image.reading.reporter(asEvents: json)
        ).run()
        try Console.write(json ? result.json.canonical + "\n" : result.text)
    }
}
