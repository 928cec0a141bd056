import ArgumentParser
import ByteIO
import DockerTools
import Errors
import JSON

/// `dockertools load`
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Load an image into a Docker daemon, without layers that the daemon has.",
        discussion: """
            Only layers that the daemon does not have are sent, and no archive is stored. Docker with containerd's image store \
            is known to have the layers of images that this command sent (API 1.48 and newer), Docker's own store and podman \
            those of all their images. If the daemon lacks such a layer after all, the whole image is sent.

            Without --host the daemon is that of DOCKER_HOST (unix://, tcp://, ssh://; with DOCKER_TLS_VERIFY and \
            DOCKER_CERT_PATH), of docker's current context, or of this machine; else podman's service. ssh://USER@HOST runs \
            `docker system dial-stdio` there; ssh needs a key or an agent, since it cannot ask for a password. With several \
            --host the image is built once and sent to all daemons side by side.

            Examples:
              dockertools load image.toml && docker run --rm image
              dockertools load image.toml --host ssh://me@one.example --host ssh://me@two.example

            It prints the image's name and tag, or its ID if it has none. With --json it prints one object instead:
              {name, tag, imageID, output, size, layers: [{diffID, size, storePaths}], sent: {layers, bytes}, spared, \
            daemonImageID}
            output is the address of the daemon, size and sent.bytes the number of bytes sent to it; spared are the layers that \
            it had. Sizes are in bytes of uncompressed tars; of a spared layer of an archive, in bytes of its file. \
            daemonImageID is the image's ID in the daemon: with containerd's image store, the digest of its manifest.

            With several --host each daemon that took the image has a line `HOST NAME`, the error of each other one is printed, \
            and the exit code is the highest. With --json it prints {hosts: [...]}, with {output, error: {code, message, cause, \
            fix}} for a daemon that failed.

            \(ReadingOptions.eventsDiscussion)
            """)

    @OptionGroup var image: ImageOptions

    @Option(
        name: [.customShort("H"), .long],
        help: ArgumentHelp(
            "A daemon: unix:///run/docker.sock, ssh://USER@HOST, tcp://HOST:2376. May be repeated.",
            valueName: "address"))
    var host: [String] = []

    @Flag(help: "Print a JSON description of the image instead of its name.")
    var json = false

    func run() async throws {
        let tools = try image.tools(reportsEvents: json)
        guard host.count > 1 else {
            let result = try await tools.load(image.source, host: host.first)
            return try Console.write(json ? result.json.canonical + "\n" : result.text)
        }
        let loads = try await tools.load(image.source, hosts: host)
        if json {
            let hosts = JSONValue.array(loads.map { load in load.json { $0.flag } })
            try Console.write(JSONValue.object(["hosts": hosts]).canonical + "\n")
        } else {
            for load in loads {
                if let result = load.result { try Console.write("\(load.host) \(result.text)") }
            }
        }
        let errors = loads.compactMap(\.error)
        if !json {
            for error in errors { Console.writeError(error.printable { $0.flag } + "\n") }
        }
        if let worst = errors.map({ ExitStatus.of($0.code) }).max() { throw ExitCode(worst) }
    }
}
