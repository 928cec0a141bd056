import ByteIO
import Compression
import Glibc
import Images
import OCI
import Store
import Synchronization
import TestSupport

/// A layer of bytes in memory, that counts how often it is read.
final class FakeLayer: Layer, OpenLayer {
    let bytes: [UInt8]
    let storePaths: [StorePath]
    let title: String
    private let counts = Mutex((reads: 0, remembered: [Digest]()))

    init(_ bytes: [UInt8], storePaths: [StorePath] = [], title: String = "layer") {
        (self.bytes, self.storePaths, self.title) = (bytes, storePaths, title)
    }

    var reads: Int { counts.withLock { $0.reads } }
    var remembered: [Digest] { counts.withLock { $0.remembered } }

    func open() -> any OpenLayer { self }
    var size: UInt64 { UInt64(bytes.count) }
    var knownDiffID: Digest? { nil }

    func write(to sink: any ByteSink) throws {
        counts.withLock { $0.reads += 1 }
        try sink.write(bytes)
    }

    func uncompressedTar(spool: SpoolDirectory, needsBodies: Bool) throws -> FileRange {
        try spool.makeFile(title).keep { try $0.write(bytes) }.0
    }

    func verify() {}

    func remember(_ diffID: Digest) { counts.withLock { $0.remembered.append(diffID) } }
}

struct FakeImage: Image {
    var name: String? = "app"
    var tag: String?
    var layers: [any Layer]
    var extraMembers: [(name: String, bytes: [UInt8])] = []

    func names(imageID: Digest) -> [ImageName] { [ImageName(name: name, tag: tag ?? ImageName.tag(of: imageID))] }

    var config: ImageConfig {
        ImageConfig(
            created: "1970-01-01T00:00:01Z", architecture: "amd64", runtime: ["User": "me"],
            history: layers.map { _ in
                ImageConfig.History(created: "1970-01-01T00:00:01Z", createdBy: "dockertools", comment: "made")
            })
    }
}

/// Keeps what it is told.
final class ProgressLog: Progress {
    private let log = Mutex<(layers: [String], bytes: Int)>(([], 0))

    var layers: [String] { log.withLock { $0.layers } }
    var bytes: Int { log.withLock { $0.bytes } }

    func layer(_ number: Int, of count: Int, title: String, size: UInt64) {
        log.withLock { $0.layers.append("\(number)/\(count) \(title) \(size)") }
    }

    func advance(_ bytes: Int) { log.withLock { $0.bytes += bytes } }

    func finish() {}
}

extension TemporaryDirectory {
    /// Writes an image as a docker-archive to a file.
    ///
    /// - Parameter appends: whether the file is one that cannot be filled in later, as a pipe.
    func archive(
        _ image: FakeImage, appends: Bool = false, compressor: Compressor = .none,
        progress: any Progress = ProgressLog()
    ) throws -> (written: ImageSummary, bytes: [UInt8]) {
        let path = try write([], to: "archive")
        let descriptor = open(path, O_WRONLY | O_TRUNC | (appends ? O_APPEND : 0))
        defer { close(descriptor) }
        let file = DescriptorSink(descriptor, name: path)
        let sink: any ArchiveSink = CompressingSink(compressor, to: file) ?? file
        let written = try DockerArchiveWriter(to: sink, progress: progress).write([image])
        return (written[0], try read("archive"))
    }
}
