import ArgumentParser
import DockerTools
import JSON

/// `dockertools load`
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Load an image into a Docker daemon, without layers that the daemon has.",
        discussion: """
            Only layers that the daemon does not have are sent, and no archive is stored. podman's service and a daemon with \
            containerd's image store need all layers of a new image.

            Without --host the daemon is that of DOCKER_HOST (unix://, tcp://; with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH), \
            of docker's current context, or of this machine; else podman's service.

            Example:
              dockertools load image.toml && docker run --rm image

            It prints the image's name and tag, or its ID if it has none. With --json it prints one object instead:
              {name, tag, imageID, output, size, layers: [{diffID, size, storePaths}], sent: {layers, bytes}, spared}
            output is the address of the daemon, size and sent.bytes the number of bytes sent to it; spared are the layers that \
            it had. Sizes are in bytes of uncompressed tars; of a spared layer of an archive, in bytes of its file.

            \(ReadingOptions.eventsDiscussion)
            """)

    @OptionGroup var image: ImageOptions

    @Option(
        name: [.customShort("H"), .long],
        help: ArgumentHelp("The daemon: unix:///run/docker.sock, tcp://HOST:2376.", valueName: "address"))
    var host: String?

    @Flag(help: "Print a JSON description of the image instead of its name.")
    var json = false

    func run() async throws {
        let result = try await image.tools(reportsEvents: json).load(image.source, host: host)
        try Console.write(json ? result.json.canonical + "\n" : result.text)
    }
}
