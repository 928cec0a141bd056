import ByteIO
import OCI
import Tar

/// Writes layers as members of an archive.
final class LayerMembers {
    /// How the members are named.
    enum Naming {
        /// `layers/001.tar`, in the order of the layers: a layer can be hashed while it is written.
        case numbers
        /// `<diffID>.tar`: a layer is hashed before it is written.
        case digests
    }

    /// A layer of an image, and the path of its member.
    struct Member {
        let layer: ImageSummary.Layer
        let path: String
    }

    private let sink: any ArchiveSink
    private let tar: TarWriter
    private let naming: Naming
    private let progress: any Progress
    /// The number of layers so far, with those that the archive lacks.
    private var count = 0
    /// The path of the first member of each layer.
    private(set) var paths: [Digest: String] = [:]

    /// - Parameters:
    ///   - sink: receives the layers.
    ///   - tar: the writer of the archive's other members, which writes to `sink` too.
    init(to sink: any ArchiveSink, in tar: TarWriter, named naming: Naming, progress: any Progress) {
        self.sink = sink
        self.tar = tar
        self.naming = naming
        self.progress = progress
    }

    /// The path of a numbered member.
    ///
    /// - Parameter number: the number of the layer, from 1.
    static func path(_ number: Int) -> String {
        let digits = String(number)
        return "layers/\(String(repeating: "0", count: max(0, 3 - digits.count)))\(digits).tar"
    }

    /// Writes the layers of an image.
    ///
    /// - Parameters:
    ///   - below: the number of the image's layers below these, which are not written. Their numbers are left out.
    ///   - eachOnce: whether a layer that the archive has already is not written again. Layers are hashed before they
    ///     are written then, in parallel; if not, numbered layers are hashed while they are written, so that every file
    ///     is read once.
    func write(_ layers: [any Layer], above below: Int = 0, eachOnce: Bool) throws -> [Member] {
        count += below
        var members: [Member] = []
        try LayerQueue(layers, hashesAhead: eachOnce || naming == .digests).forEach { ready in
            let (layer, size) = (ready.layer, ready.open.size)
            progress.layer(below + members.count + 1, of: below + layers.count, title: layer.title, size: size)
            let (diffID, path) = try write(ready, eachOnce: eachOnce)
            let written = ImageSummary.Layer(diffID: diffID, size: size, storePaths: layer.storePaths)
            members.append(Member(layer: written, path: path))
        }
        return members
    }

    /// Writes a layer.
    ///
    /// - Returns: the layer's digest, and the path of its member.
    private func write(_ ready: LayerQueue.Ready, eachOnce: Bool) throws -> (Digest, String) {
        if eachOnce, let known = ready.diffID, let path = paths[known] { return (known, path) }
        count += 1
        let path =
            switch naming {
            case .numbers: Self.path(count)
            case .digests: "\(try (ready.diffID ?? ready.open.diffID()).hex).tar"
            }
        try tar.header(ofFile: path, size: ready.open.size)
        try tar.flush()
        let diffID = try ready.open.write(to: ProgressSink(to: sink, progress), known: ready.diffID)
        try tar.endBody(ready.open.size)
        if paths[diffID] == nil { paths[diffID] = path }
        return (diffID, path)
    }
}

extension TarWriter {
    /// Writes a read-only member of an archive of images.
    func file(_ path: String, _ bytes: [UInt8]) throws {
        try header(ofFile: path, size: UInt64(bytes.count))
        try body(bytes)
    }

    /// Writes the header of a read-only member.
    func header(ofFile path: String, size: UInt64) throws {
        try Array(path.utf8).withUnsafeBytes { path in
            try header(TarEntry(path: path, kind: .file, mode: 0o444, size: size))
        }
    }

    /// Writes a symbolic link.
    func link(_ path: String, to target: String, mode: UInt16) throws {
        try Array(path.utf8).withUnsafeBytes { path in
            try Array(target.utf8).withUnsafeBytes { target in
                try header(TarEntry(path: path, kind: .symbolicLink, mode: mode, linkTarget: target))
            }
        }
    }
}
