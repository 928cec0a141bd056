import ByteIO
import DockerEngine
import Errors
import Images
package import JSON
import OCI
import Synchronization

extension DockerTools {
    /// Loads an image that was built into a Docker daemon. Layers that the daemon has are not sent, and no archive is stored.
    ///
    /// - Parameter host: the address of the daemon; nil: the one that Docker's own settings name.
    /// - Throws: `ToolError` with code `unavailable` if there is no daemon, or the daemon refuses the image. The daemon takes
    ///   either the whole image or nothing.
    @discardableResult
    public func load(_ image: BuiltImage, host: String? = nil) async throws -> LoadResult {
        try await run { try await DaemonLoad.connect(to: host, context).load { image } }
    }

    /// Loads an image, or the image of a spec, into a Docker daemon. Layers that the daemon has are not sent, and no archive is
    /// stored.
    ///
    /// - Parameter host: the address of the daemon; nil: the one that Docker's own settings name.
    /// - Throws: `ToolError` with code `unavailable` if there is no daemon, or the daemon refuses the image. The daemon takes
    ///   either the whole image or nothing.
    @discardableResult
    public func load(_ source: ImageSource, host: String? = nil) async throws -> LoadResult {
        try await run {
            let opened = try OpenedSource.open(source, context, overriding: ["name", "tag", "config"])
            return try await DaemonLoad.connect(to: host, context).load { try await opened.image() }
        }
    }
}

/// Sends images to a Docker daemon.
private struct DaemonLoad {
    private let daemon: DockerDaemon
    private let kind: DockerDaemon.Kind
    private let reporter: any Reporter

    /// Finds out what kind of daemon it is.
    ///
    /// - Throws: `ToolError` with code `unavailable` if there is no daemon.
    static func connect(to host: String?, _ context: Context) throws -> DaemonLoad {
        let daemon = DockerDaemon(try DockerHost.find(host, environment: context.environment))
        return DaemonLoad(daemon: daemon, kind: try daemon.kind(), reporter: context.reporter)
    }

    /// Sends an image.
    ///
    /// - Parameter image: reads or builds the image, after the daemon has answered.
    func load(_ image: () async throws -> any Image) async throws -> LoadResult {
        let missing = try missingLayers(of: await image())
        if let known = try missing.summaryIfPresent, let existing = try daemon.image("\(known.imageID)") {
            try addNames(of: known, to: existing)
            reporter.note("\(kind.name) has the image already")
            return result(known, spared: known.layers, bytes: 0)
        }
        // A daemon that keeps whole images needs all layers of a new image.
        let (summary, bytes, spared) = try send(kind.reuse == .layers ? missing : missing.whole)
        let result = result(summary, spared: spared, bytes: bytes)
        let had = spared.isEmpty ? "" : "; it had the others, \(ByteCount(result.spared.bytes))"
        reporter.note(
            "sent \(result.sent.layers) of \(summary.layers.count) layers, \(ByteCount(bytes)), to \(kind.name)\(had)")
        return result
    }

    private func missingLayers(of image: any Image) throws -> MissingLayers {
        switch kind.reuse {
        case .nothing: return MissingLayers(allOf: image)
        case .images: return try MissingLayers.find(in: image) { _ in true }
        case .layers:
            let chains = try daemon.chains()
            return chains.isEmpty
                ? MissingLayers(allOf: image) : try MissingLayers.find(in: image, unless: chains.contains)
        }
    }

    /// Adds the names of an image to the same image in the daemon.
    private func addNames(of image: ImageSummary, to existing: DockerDaemon.Known) throws {
        for name in image.names where name.name != nil && name.tag != nil {
            if existing.spelling(of: name) == nil { try daemon.tag(existing.id, name) }
        }
    }

    /// Sends the missing layers, or all layers if the daemon has removed one since it was asked.
    ///
    /// - Returns: the image, the number of bytes sent, and the layers that were not sent.
    private func send(_ missing: MissingLayers) throws -> (ImageSummary, UInt64, [ImageSummary.Layer]) {
        do {
            let (image, bytes) = try sendOnce(missing)
            return (image, bytes, missing.present)
        } catch let refusal as DaemonLoadError where !missing.present.isEmpty && Self.namesMissingLayer(refusal) {
            reporter.warn("the daemon has removed layers in the meantime (\(refusal.message)): all layers are sent")
        } catch let refusal as DaemonLoadError {
            throw failure("the daemon's message: \(refusal.message)")
        }
        do {
            let (image, bytes) = try sendOnce(missing.whole)
            return (image, bytes, [])
        } catch let refusal as DaemonLoadError {
            throw failure("the daemon's message: \(refusal.message)")
        }
    }

    private func sendOnce(_ missing: MissingLayers) throws -> (ImageSummary, UInt64) {
        let written = Mutex<(ImageSummary, UInt64)?>(nil)
        try daemon.load { [reporter] upload in
            let sink = StreamSink(to: upload)
            let image = try DockerArchiveWriter(to: sink, progress: reporter).write(missing)
            written.withLock { $0 = (image, sink.size) }
        }
        guard let result = written.withLock({ $0 }) else {
            throw failure("the daemon responded before it received the whole image")
        }
        return result
    }

    /// Returns whether a message says that a layer is not in the archive.
    private static func namesMissingLayer(_ refusal: DaemonLoadError) -> Bool {
        ["no such file", "not found", "does not exist"].contains { refusal.message.lowercased().contains($0) }
    }

    private func failure(_ cause: String) -> ToolError {
        ToolError(
            .unavailable, "cannot load the image into the Docker daemon at \(daemon.host.name)",
            cause: cause, remedy: "check the log of the daemon (journalctl -u docker)")
    }

    private func result(_ image: ImageSummary, spared: [ImageSummary.Layer], bytes: UInt64) -> LoadResult {
        LoadResult(
            image: image, daemon: daemon.host.name,
            sent: LoadResult.Part(layers: image.layers.count - spared.count, bytes: bytes),
            spared: LoadResult.Part(layers: spared.count, bytes: spared.reduce(0) { $0 + $1.size }))
    }
}

/// The result of loading an image into a daemon.
public struct LoadResult: Sendable {
    /// A number of layers, and their size in bytes.
    struct Part: Sendable {
        let layers: Int
        let bytes: UInt64

        var json: JSONValue { ["layers": .int(Int64(layers)), "bytes": .int(Int64(clamping: bytes))] }
    }

    let image: ImageSummary
    /// The address of the daemon.
    let daemon: String
    /// The layers that were sent, and the size of the archive that contained them.
    let sent: Part
    /// The layers that the daemon had.
    let spared: Part

    /// A line with the image's name, or its ID if it has no name.
    public var text: String { (image.names.first.map { "\($0)".onOneLine } ?? "\(image.imageID)") + "\n" }

    /// The object of `ImageResult.json`, with the daemon's address as `output` and the number of bytes sent as `size`, and in
    /// addition `sent: {layers, bytes}` and `spared: {layers, bytes}`.
    package var json: JSONValue {
        let common = ImageResult(images: [image], output: daemon, size: sent.bytes).json.object ?? [:]
        return .object(common.merging(["sent": sent.json, "spared": spared.json]) { $1 })
    }
}
