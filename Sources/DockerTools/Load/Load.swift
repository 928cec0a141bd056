import Archives
import Failures
import Images
import Registry
import Synchronization

/// Loads an image into a Docker daemon, without those of its layers that the daemon has, and without a file on the way.
public struct Load: Sendable {
    private let argument: ImageArgument
    private let host: String?
    private let surroundings: Surroundings
    private let reporter: any Reporter

    /// - Parameters:
    ///   - argument: the image, or the spec that it is made from.
    ///   - host: the daemon's address; nil: docker's own settings tell.
    public init(_ argument: ImageArgument, host: String?, surroundings: Surroundings, reporter: any Reporter) {
        self.argument = argument
        self.host = host
        self.surroundings = surroundings
        self.reporter = reporter
    }

    /// - Throws: `Failure`: with code `unavailable` if there is no daemon, or it does not take the image. It takes an image
    ///   whole, or not at all.
    public func run() async throws -> LoadResult {
        defer { reporter.finish() }
        let daemon = DockerDaemon(try DockerHost(host, environment: surroundings.environment))
        // Before the work: it would be in vain.
        let kind = try daemon.kind()
        let origin = try ImageOrigin(argument, surroundings, reporter)
        let image = try await origin.image(surroundings, reporter)
        let remainder = try remainder(of: image, for: daemon, kind)
        if let known = try remainder.known, let there = try daemon.image("\(known.imageID)") {
            try name(known, there, daemon)
            reporter.note("\(kind.name) has the image already")
            return result(known, spared: known.layers, bytes: 0, daemon)
        }
        // To know an image is not enough for those who want all layers of another one.
        let missing = kind.spares == .layers ? remainder : remainder.whole
        let (sent, bytes, spared) = try send(missing, to: daemon)
        let result = result(sent, spared: spared, bytes: bytes, daemon)
        let had = spared.isEmpty ? "" : "; it had the others, \(ByteCount(result.spared.bytes))"
        reporter.note(
            "sent \(result.sent.layers) of \(sent.layers.count) layers, \(ByteCount(bytes)), to \(kind.name)\(had)")
        return result
    }

    private func remainder(of image: any Image, for daemon: DockerDaemon, _ kind: DockerDaemon.Kind) throws
        -> ImageRemainder
    {
        switch kind.spares {
        case .nothing: return ImageRemainder(allOf: image)
        case .images: return try ImageRemainder(image) { _ in true }
        case .layers:
            let chains = try daemon.chains()
            return chains.isEmpty ? ImageRemainder(allOf: image) : try ImageRemainder(image, unless: chains.contains)
        }
    }

    /// Gives an image that the daemon has the names that it is to have.
    private func name(_ image: WrittenImage, _ there: DockerDaemon.Known, _ daemon: DockerDaemon) throws {
        for name in image.names where name.name != nil && name.tag != nil {
            if there.spelling(of: name) == nil { try daemon.tag(there.id, name) }
        }
    }

    /// Sends the layers that the daemon has not; all of them, if it has removed one since it was asked.
    ///
    /// - Returns: the image, the bytes that were sent, and the layers that were not.
    private func send(
        _ remainder: ImageRemainder, to daemon: DockerDaemon
    ) throws -> (WrittenImage, UInt64, [WrittenImage.Layer]) {
        do {
            let (image, bytes) = try sendOnce(remainder, to: daemon)
            return (image, bytes, remainder.spared)
        } catch let refusal as DaemonRefusal where !remainder.spared.isEmpty && Self.misses(refusal) {
            reporter.warn("the daemon misses layers that it had (\(refusal.words)): all are sent")
        } catch let refusal as DaemonRefusal {
            throw failure("it said: \(refusal.words)", daemon)
        }
        do {
            let (image, bytes) = try sendOnce(remainder.whole, to: daemon)
            return (image, bytes, [])
        } catch let refusal as DaemonRefusal {
            throw failure("it said: \(refusal.words)", daemon)
        }
    }

    private func sendOnce(_ remainder: ImageRemainder, to daemon: DockerDaemon) throws -> (WrittenImage, UInt64) {
        let written = Mutex<(WrittenImage, UInt64)?>(nil)
        try daemon.load { [reporter] upload in
            let sink = StreamSink(to: upload)
            let image = try DockerArchiveWriter(to: sink, progress: reporter).write(remainder)
            written.withLock { $0 = (image, sink.size) }
        }
        guard let result = written.withLock({ $0 }) else {
            throw failure("it answered before it had all of the image", daemon)
        }
        return result
    }

    /// Whether the daemon's words tell of a layer that was not in the archive.
    private static func misses(_ refusal: DaemonRefusal) -> Bool {
        ["no such file", "not found", "does not exist"].contains { refusal.words.lowercased().contains($0) }
    }

    private func failure(_ why: String, _ daemon: DockerDaemon) -> Failure {
        Failure(
            .unavailable, "cannot load the image into the Docker daemon at \(daemon.host.name)",
            why: why, advice: "look at what else the daemon says (journalctl -u docker)")
    }

    private func result(
        _ image: WrittenImage, spared: [WrittenImage.Layer], bytes: UInt64, _ daemon: DockerDaemon
    ) -> LoadResult {
        LoadResult(
            image: image, daemon: daemon.host.name,
            sent: LoadResult.Part(layers: image.layers.count - spared.count, bytes: bytes),
            spared: LoadResult.Part(layers: spared.count, bytes: spared.reduce(0) { $0 + $1.size }))
    }
}
