import Failures
import Images
import Tar

/// An image that a Docker daemon has, as it saves it.
public struct DaemonImage {
    private let name: String
    private let daemon: DockerDaemon

    /// - Parameter name: a name, with or without its tag, or an ID.
    public init(_ name: String, _ daemon: DockerDaemon) {
        self.name = name
        self.daemon = daemon
    }

    /// The name, if it may be one.
    ///
    /// - Throws: `Failure` with code `usage`.
    public static func checked(_ name: String) throws -> String {
        let isPlain = name.utf8.allSatisfy { ReferenceName.isAlphanumeric($0) || "._-:/@[]".utf8.contains($0) }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard isPlain, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw Failure(
                .usage, "cannot use the name '\(TarName.printable(Array(name.utf8)))'",
                why: "it is no image's name or ID",
                advice: "name an image of the daemon as in docker-daemon:app:1; `docker image ls` lists them")
        }
        return name
    }

    /// Reads it; its layers go to work files.
    ///
    /// - Throws: `Failure` with code `data` if the daemon has none of that name, `unavailable` if there is no daemon.
    public func archive(_ context: ReadingContext) throws -> ImageArchive {
        let source = "'docker-daemon:\(name)'"
        guard let known = try daemon.image(name) else {
            throw Failure(
                .data, "cannot read \(source)", why: "the daemon at \(daemon.host.name) has no such image",
                advice: "`docker image ls` lists those that it has")
        }
        return try ImageArchive.read(daemon.save(savedName(of: known)), name: source, context)
    }

    /// The one name, which is the image's in the archive then: asked for without a tag, all of a repository would come. By
    /// its ID it comes without a name.
    private func savedName(of known: DockerDaemon.Known) -> String {
        var wanted = ImageName(name)
        if wanted.tag == nil { wanted.tag = "latest" }
        return known.spelling(of: wanted) ?? known.id
    }
}
