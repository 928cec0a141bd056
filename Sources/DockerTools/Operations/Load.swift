import ByteIO
import DockerEngine
import Errors
import Images
import JSON
import Synchronization

/// Loads an image into a Docker daemon, without those of its layers that the daemon has, and without a file on the way.
package struct Load: Sendable {
    private let argument: ImageArgument
    private let host: String?
    private let context: Context
    private let reporter: any Reporter

    /// - Parameters:
    ///   - argument: the image, or the spec that it is made from.
    ///   - host: the daemon's address; nil: docker's own settings tell.
    package init(_ argument: ImageArgument, host: String?, context: Context, reporter: any Reporter) {
        self.argument = argument
        self.host = host
        self.context = context
        self.reporter = reporter
    }

    /// - Throws: `ToolError`: with code `unavailable` if there is no daemon, or it does not take the image. It takes an image
    ///   whole, or not at all.
    package func run() async throws -> LoadResult {
        defer { reporter.finish() }
        let daemon = DockerDaemon(try DockerHost.find(host, environment: context.environment))
        // Before the work: it would be in vain.
        let kind = try daemon.kind()
        let origin = try ImageOrigin(argument, context, reporter)
        let image = try await origin.image(context, reporter)
        let remainder = try remainder(of: image, for: daemon, kind)
        if let known = try remainder.known, let there = try daemon.image("\(known.imageID)") {
            try name(known, there, daemon)
            reporter.note("\(kind.name) has the image already")
            return result(known, spared: known.layers, bytes: 0, daemon)
        }
        // To know an image is not enough for those who want all layers of another one.
        let missing = kind.reuse == .layers ? remainder : remainder.whole
        let (sent, bytes, spared) = try send(missing, to: daemon)
        let result = result(sent, spared: spared, bytes: bytes, daemon)
        let had = spared.isEmpty ? "" : "; it had the others, \(ByteCount(result.spared.bytes))"
        reporter.note(
            "sent \(result.sent.layers) of \(sent.layers.count) layers, \(ByteCount(bytes)), to \(kind.name)\(had)")
        return result
    }

    private func remainder(of image: any Image, for daemon: DockerDaemon, _ kind: DockerDaemon.Kind) throws
        -> MissingLayers
    {
        switch kind.reuse {
        case .nothing: return MissingLayers(allOf: image)
        case .images: return try MissingLayers(image) { _ in true }
        case .layers:
            let chains = try daemon.chains()
            return chains.isEmpty ? MissingLayers(allOf: image) : try MissingLayers(image, unless: chains.contains)
        }
    }

    /// Gives an image that the daemon has the names that it is to have.
    private func name(_ image: ImageSummary, _ there: DockerDaemon.Known, _ daemon: DockerDaemon) throws {
        for name in image.names where name.name != nil && name.tag != nil {
            if there.spelling(of: name) == nil { try daemon.tag(there.id, name) }
        }
    }

    /// Sends the layers that the daemon has not; all of them, if it has removed one since it was asked.
    ///
    /// - Returns: the image, the bytes that were sent, and the layers that were not.
    private func send(
        _ remainder: MissingLayers, to daemon: DockerDaemon
    ) throws -> (ImageSummary, UInt64, [ImageSummary.Layer]) {
        do {
            let (image, bytes) = try sendOnce(remainder, to: daemon)
            return (image, bytes, remainder.spared)
        } catch let refusal as DaemonLoadError where !remainder.spared.isEmpty && Self.misses(refusal) {
            reporter.warn("the daemon misses layers that it had (\(refusal.message)): all are sent")
        } catch let refusal as DaemonLoadError {
            throw failure("it said: \(refusal.message)", daemon)
        }
        do {
            let (image, bytes) = try sendOnce(remainder.whole, to: daemon)
            return (image, bytes, [])
        } catch let refusal as DaemonLoadError {
            throw failure("it said: \(refusal.message)", daemon)
        }
    }

    private func sendOnce(_ remainder: MissingLayers, to daemon: DockerDaemon) throws -> (ImageSummary, UInt64) {
        let written = Mutex<(ImageSummary, UInt64)?>(nil)
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
    private static func misses(_ refusal: DaemonLoadError) -> Bool {
        ["no such file", "not found", "does not exist"].contains { refusal.message.lowercased().contains($0) }
    }

    private func failure(_ cause: String, _ daemon: DockerDaemon) -> ToolError {
        ToolError(
            .unavailable, "cannot load the image into the Docker daemon at \(daemon.host.name)",
            cause: cause, remedy: "look at what else the daemon says (journalctl -u docker)")
    }

    private func result(
        _ image: ImageSummary, spared: [ImageSummary.Layer], bytes: UInt64, _ daemon: DockerDaemon
    ) -> LoadResult {
        LoadResult(
            image: image, daemon: daemon.host.name,
            sent: LoadResult.Part(layers: image.layers.count - spared.count, bytes: bytes),
            spared: LoadResult.Part(layers: spared.count, bytes: spared.reduce(0) { $0 + $1.size }))
    }
}

/// What became of an image that was loaded into a daemon.
package struct LoadResult: Sendable {
    /// How many layers, and their bytes.
    struct Part: Sendable {
        let layers: Int
        let bytes: UInt64

        var json: JSONValue { ["layers": .int(Int64(layers)), "bytes": .int(Int64(clamping: bytes))] }
    }

    let image: ImageSummary
    /// The daemon's address.
    let daemon: String
    /// The layers that were sent, and the bytes of the whole archive that they were sent in.
    let sent: Part
    /// The layers that the daemon had.
    let spared: Part

    /// A line for people: the image's name, or its ID if it has none.
    package var text: String { (image.names.first.map { "\($0)" } ?? "\(image.imageID)") + "\n" }

    /// What verbs that write an image tell, output being the daemon's address and size what was sent, with
    /// `sent: {layers, bytes}` and `spared: {layers, bytes}`.
    package var json: JSONValue {
        let common = ImageResult(images: [image], output: daemon, size: sent.bytes).json.object ?? [:]
        return .object(common.merging(["sent": sent.json, "spared": spared.json]) { $1 })
    }
}
