import ArgumentParser
import DockerTools
import JSON

/// `dockertools cache`
struct CacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Show and prune the cache.",
        discussion: """
            The cache is in $XDG_CACHE_HOME/dockertools, else in ~/.cache/dockertools. It contains blobs of registries, digests \
            of layers, and file systems of base images for virtual machines; they are fetched or computed again when they are \
            needed. It may be pruned while other processes use it.

            Example:
              dockertools cache --prune --older-than 30d

            With --json it prints one object:
              {path, blobs, partialBlobs, digests, lowerImages, freed}
            path is a string, the others are {count, bytes}; freed is null without --prune.
            """)

    @Flag(help: "Remove all entries, or those of --older-than or --keep.")
    var prune = false

    @Option(
        help: ArgumentHelp("Remove only entries that have not been used for so long: 12h, 30d, 4w.", valueName: "time"))
    var olderThan: String?

    @Option(
        help: ArgumentHelp(
            "Remove only the least recently used entries, until so much is left: 500M, 10G, 8Gi.", valueName: "size"))
    var keep: String?

    @Flag(help: "Print as JSON.")
    var json = false

    func validate() throws {
        guard prune || (olderThan == nil && keep == nil) else {
            throw ValidationError("--older-than and --keep need --prune.")
        }
    }

    func run() async throws {
        let tools = DockerTools(context: ProcessSetup.context(SilentReporter()))
        let report =
            prune
            ? try await tools.prune(CacheLimit(olderThan: olderThan, keep: keep)) : try await tools.cacheReport()
        try Console.write(json ? report.json.canonical + "\n" : report.text)
    }
}
