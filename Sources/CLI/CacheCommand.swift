import ArgumentParser
import DockerTools

/// `dockertools cache`
struct CacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Show what is kept from run to run, and prune it.",
        discussion: """
            The cache lies in $XDG_CACHE_HOME/dockertools, else in ~/.cache/dockertools. It holds blobs fetched from registries, \
            digests of layers, and file systems of base images for virtual machines; all of it is made anew when it is needed again. It may be pruned while other processes \
            use it.

            Example:
              dockertools cache --prune --older-than 30d

            With --json it prints one object:
              {path, blobs, partialBlobs, digests, lowerImages, freed}, each but the path {count, bytes}; freed is null without --prune.
            """)

    @Flag(help: "Remove all, or what --older-than or --keep says.")
    var prune = false

    @Option(help: ArgumentHelp("Remove only what was not used for so long: 12h, 30d, 4w.", valueName: "time"))
    var olderThan: String?

    @Option(
        help: ArgumentHelp(
            "Remove only what was used longest ago, until so much is left: 500M, 10G, 8Gi.", valueName: "size"))
    var keep: String?

    @Flag(help: "Print as JSON.")
    var json = false

    func validate() throws {
        guard prune || (olderThan == nil && keep == nil) else {
            throw ValidationError("--older-than and --keep say what --prune removes: give --prune, too.")
        }
    }

    func run() async throws {
        let limit = prune ? try CacheLimit(olderThan: olderThan, keep: keep) : nil
        let report = try CacheReport.run(pruning: limit, context: .ofProcess)
        try Console.write(json ? report.json.canonical + "\n" : report.text)
    }
}
