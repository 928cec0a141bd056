import ByteIO
import Compression
import DockerEngine
import Errors
import Images
import OCI
import Synchronization

/// Sends images to a Docker daemon, without what it has already.
struct DaemonLoad: Sendable {
    private let daemon: DockerDaemon
    private let kind: DockerDaemon.Kind
    private let context: Context
    /// Receives the progress of the layers.
    private let progress: any Progress
    /// What notes and warnings begin with.
    private let prefix: String

    /// An image that was sent.
    private struct Sent {
        let image: ImageSummary
        /// The image's ID in the daemon.
        let id: Digest
        /// The number of bytes that were sent.
        let bytes: UInt64
        /// The layers that were not sent.
        let spared: [ImageSummary.Layer]
    }

    /// Finds out what kind of daemon it is.
    ///
    /// - Parameter host: the address; nil: the one that Docker's own settings name.
    /// - Throws: `ToolError` with code `unavailable` if there is no daemon.
    static func connect(to host: String?, _ context: Context) throws -> DaemonLoad {
        try connect(to: DockerHost.find(host, environment: context.environment), context)
    }

    /// Finds out what kind of daemon it is.
    ///
    /// - Parameter isOneOfSeveral: whether images are sent to other daemons at the same time: notes name the daemon, and the
    ///   progress of the layers is not reported.
    /// - Throws: `ToolError` with code `unavailable` if there is no daemon.
    static func connect(to host: DockerHost, _ context: Context, isOneOfSeveral: Bool = false) throws -> DaemonLoad {
        let daemon = DockerDaemon(host)
        return DaemonLoad(
            daemon: daemon, kind: try daemon.kind(), context: context,
            progress: isOneOfSeveral ? SilentReporter() : context.reporter,
            prefix: isOneOfSeveral ? "\(host.name): " : "")
    }

    /// Sends an image.
    func load(_ image: any Image) throws -> LoadResult {
        switch kind.reuse {
        case .chains: try loadIntoDocker(image)
        case .blobs(let areListed): try loadIntoContainerd(image, listsBlobs: areListed)
        case .layers: try loadIntoPodman(image)
        }
    }

    private func loadIntoDocker(_ image: any Image) throws -> LoadResult {
        let chains = try daemon.chains()
        let missing =
            chains.isEmpty ? MissingLayers(allOf: image) : try MissingLayers.find(in: image, unless: chains.contains)
        if let known = try missing.summaryIfPresent, let present = try daemon.image("\(known.imageID)") {
            return try result(of: known, in: present, id: known.imageID)
        }
        let whole = missing.whole
        return result(
            try send(missing.present.isEmpty ? nil : { try send(missing) }, orIf: Self.namesMissingLayer) {
                try send(whole)
            })
    }

    /// Sends an image to Docker's image store with containerd.
    ///
    /// Docker does not miss blobs that an archive lacks, so it is asked afterwards whether it has all of the image.
    private func loadIntoContainerd(_ image: any Image, listsBlobs: Bool) throws -> LoadResult {
        let known: [Digest: UInt64?] = listsBlobs ? try daemon.blobs().mapValues(Optional.some) : [:]
        let missing = try MissingBlobs.find(in: image, among: known)
        if let (known, manifest) = try missing.writtenIfPresent,
            let present = try daemon.image("\(manifest)", withManifests: true), present.isComplete == true
        {
            return try result(of: known, in: present, id: manifest)
        }
        let partial = {
            let sent = try send(missing)
            guard try isComplete(sent.id) == true else { throw DaemonLoadError(message: "its image lacks layers") }
            return sent
        }
        let sent = try send(missing.present.isEmpty ? nil : partial) { try send(missing.whole) }
        if listsBlobs, try isComplete(sent.id) == false {
            throw failure("the daemon says that it does not have all of the image, which was sent completely")
        }
        return result(sent)
    }

    private func isComplete(_ manifest: Digest) throws -> Bool? {
        try daemon.image("\(manifest)", withManifests: true)?.isComplete
    }

    /// Sends an image to podman, which needs all layers of a docker-archive, but only the missing ones of an OCI layout.
    private func loadIntoPodman(_ image: any Image) throws -> LoadResult {
        let layers = try daemon.layers()
        guard !layers.isEmpty else { return result(try send(nil) { try send(MissingLayers(allOf: image)) }) }
        let missing = try MissingBlobs.find(
            in: image, among: Dictionary(layers.map { ($0, nil) }) { first, _ in first })
        let imageID = try ImageSummary.id(of: missing.image)
        if let (known, _) = try missing.writtenIfPresent, let present = try daemon.image("\(imageID)") {
            return try result(of: known, in: present, id: imageID)
        }
        let names = image.names(imageID: imageID).filter(\.isComplete)
        // podman takes one image of a layout, and without a name it makes one up.
        let partial = {
            var sent = try send(missing.named(names[0]))
            sent = Sent(image: sent.image, id: imageID, bytes: sent.bytes, spared: sent.spared)
            if let present = try daemon.image("\(imageID)") { try add(names, to: present) }
            return sent
        }
        return result(
            try send(missing.present.isEmpty || names.isEmpty ? nil : partial) {
                try send(MissingLayers(allOf: missing.image))
            })
    }

    // MARK: Sending

    /// Sends a part of an image, and all of it if the daemon turns out not to have the rest.
    ///
    /// - Parameters:
    ///   - partial: sends a part; nil if there is nothing that could be left out.
    ///   - isMissing: whether a refusal of a part means that the rest is missing.
    ///   - whole: sends all.
    private func send(
        _ partial: (() throws -> Sent)?, orIf isMissing: (DaemonLoadError) -> Bool = { _ in true },
        _ whole: () throws -> Sent
    ) throws -> Sent {
        do {
            if let partial { return try partial() }
        } catch let refusal as DaemonLoadError where isMissing(refusal) {
            warn("the daemon has removed layers in the meantime (\(refusal.message)): all layers are sent")
        } catch let refusal as DaemonLoadError {
            throw failure("the daemon's message: \(refusal.message)")
        }
        do {
            return try whole()
        } catch let refusal as DaemonLoadError {
            throw failure("the daemon's message: \(refusal.message)")
        }
    }

    /// Sends a docker-archive.
    private func send(_ missing: MissingLayers) throws -> Sent {
        try send { [progress] sink in
            let image = try DockerArchiveWriter(to: sink, progress: progress).write(missing)
            return Sent(image: image, id: image.imageID, bytes: sink.size, spared: missing.present)
        }
    }

    /// Sends an OCI layout.
    private func send(_ missing: MissingBlobs) throws -> Sent {
        try send { [progress, spool = context.spool] sink in
            let writer = OCIArchiveWriter(to: sink, compressor: .none, spool: spool, progress: progress)
            let (image, manifest) = try writer.write(missing)
            return Sent(image: image, id: manifest, bytes: sink.size, spared: missing.present)
        }
    }

    private func send(_ write: @escaping @Sendable (StreamSink) throws -> Sent) throws -> Sent {
        let written = Mutex<Sent?>(nil)
        try daemon.load { upload in
            let sent = try write(StreamSink(to: upload))
            written.withLock { $0 = sent }
        }
        guard let sent = written.withLock({ $0 }) else {
            throw failure("the daemon responded before it received the whole image")
        }
        return sent
    }

    /// Adds names to an image in the daemon that it does not have there.
    private func add(_ names: [ImageName], to existing: DockerDaemon.Known) throws {
        for name in names where name.isComplete && existing.spelling(of: name) == nil {
            try daemon.tag(existing.id, name)
        }
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

    // MARK: Results

    private func note(_ text: String) { context.reporter.note(prefix + text) }
    private func warn(_ text: String) { context.reporter.warn(prefix + text) }

    /// The result for an image that the daemon has; its names are added there.
    private func result(of image: ImageSummary, in present: DockerDaemon.Known, id: Digest) throws -> LoadResult {
        try add(image.names, to: present)
        note("\(kind.name) has the image already")
        return result(image, id: id, spared: image.layers, bytes: 0)
    }

    private func result(_ sent: Sent) -> LoadResult {
        let result = result(sent.image, id: sent.id, spared: sent.spared, bytes: sent.bytes)
        let had = sent.spared.isEmpty ? "" : "; it had the others, \(ByteCount(result.spared.bytes))"
        note(
            "sent \(result.sent.layers) of \(sent.image.layers.count) layers, \(ByteCount(sent.bytes)), to "
                + kind.name + had)
        return result
    }

    private func result(
        _ image: ImageSummary, id: Digest, spared: [ImageSummary.Layer], bytes: UInt64
    ) -> LoadResult {
        LoadResult(
            image: image, daemonImageID: id, daemon: daemon.host.name,
            sent: LoadResult.Part(layers: image.layers.count - spared.count, bytes: bytes),
            spared: LoadResult.Part(layers: spared.count, bytes: spared.reduce(0) { $0 + $1.size }))
    }
}
