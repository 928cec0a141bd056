import ByteIO
import Images
import OCI
import SystemPackage
import Tar

/// Fuzzes the readers of images and layers.
enum ImageFuzzing {
    /// A directory in memory.
    private static let memory = SpoolDirectory("/dev/shm")

    /// Reads an archive with all its layers.
    static func open(_ archive: [UInt8]) throws {
        let file = try keep(archive)
        let spool = SpoolDirectory("/tmp")
        var context = ReadingContext(
            spool: spool, cache: nil, keepsLayers: false, platform: Platform(architecture: "amd64"))
        context.limits.output = TarFuzzing.sparseLimit
        context.issues = archive.count % 2 == 0 ? ValidationIssues() : nil
        // Removes the file's only name.
        let opened = try ImageArchive.open(FilePath("/proc/self/fd/\(file.file.descriptor)"), context)
        for image in opened.images {
            let base = image.config
            let config = ImageConfig(
                created: "1970-01-01T00:00:01Z", architecture: "amd64",
                runtime: base.inheritedRuntime(overriddenBy: ["User": "me"], inheritsAll: true),
                history: base.inheritedHistory(layerCount: image.layers.count))
            _ = config.with(diffIDs: base.diffIDs).bytes
            for layer in image.layers {
                let layer = try layer.open()
                _ = try layer.uncompressedTar(spool: spool, needsBodies: true).bytes()
                try layer.verify()
            }
        }
    }

    /// Reads a docker-archive with a manifest and, after its first NUL, a config, so that the fuzzer need not discover
    /// the tar format.
    static func describe(_ bytes: UnsafeRawBufferPointer) throws {
        let manifest = bytes.prefix { $0 != 0 }
        let files = [
            ("manifest.json", Array(manifest)), ("config.json", Array(bytes[manifest.endIndex...].dropFirst())),
            ("layer.tar", [UInt8](repeating: 0, count: 1024)),
        ]
        try open(files.flatMap { TarFuzzing.member($0, $1) } + [UInt8](repeating: 0, count: 1024))
    }

    /// Merges a layer with itself, so that it deletes and replaces existing files. The result must stay within the root,
    /// contain no name twice, and not change when it is flattened again.
    static func flatten(_ layer: [UInt8]) throws {
        let flat = try flattened([layer, layer])
        do {
            try check(flat)
            guard try flattened([flat]) == flat else { throw Find("the flat tar is flattened to another one") }
        } catch let find as Find {
            throw find
        } catch {
            throw Find("the flat tar is refused: \(error)")
        }
    }

    private static func flattened(_ layers: [[UInt8]]) throws -> [UInt8] {
        var tree = RootFilesystem()
        for layer in layers { try tree.apply(keep(layer), name: "it", sizeLimit: TarFuzzing.sparseLimit) }
        let sink = MemorySink()
        guard try RootfsWriter.write(tree, to: sink) == UInt64(sink.bytes.count) else {
            throw Find("the flat tar is not as long as is said")
        }
        return sink.bytes
    }

    private static func check(_ flat: [UInt8]) throws {
        var paths: Set<[UInt8]> = []
        try flat.withUnsafeBytes { bytes in
            let reader = TarReader(BufferSource(bytes, step: 1000), archive: "the flat tar")
            while let member = try reader.next() {
                let components = member.path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
                guard components.count > 1, components[0].elementsEqual(".".utf8),
                    !components.contains(where: { $0.elementsEqual("..".utf8) })
                else { throw Find("'\(TerminalText.printable(member.path))' leads out of the root") }
                guard paths.insert(member.path).inserted else {
                    throw Find("'\(TerminalText.printable(member.path))' is there twice")
                }
            }
        }
    }

    private static func keep(_ bytes: [UInt8]) throws -> FileRange {
        try memory.makeFile("it").keep { try $0.write(bytes) }.0
    }
}
