import Archives
import Digests
import Failures
import Images
import SystemPackage

/// Brings an image from a registry, and writes it as the docker-archive that skopeo writes of it.
public struct Pull: Sendable {
    private let request: PullRequest
    private let inputs: [FilePath]
    private let surroundings: Surroundings
    private let reporter: any Reporter

    /// - Parameters:
    ///   - source: the spec.
    ///   - sets: the overrides of the command line, `KEY=VALUE` each.
    /// - Throws: `Failure` as the reading and the checking of specs do; with code `usage` for a choice that is none.
    public init(
        spec source: SpecSource, sets: [String], choices: PullChoices, surroundings: Surroundings,
        reporter: any Reporter
    ) throws {
        let folder = surroundings.currentDirectory
        let file = try SpecFile(reading: source, currentDirectory: folder)
        request = try choices.applied(to: PullRequest(PullSpec(file, sets: sets)))
        inputs = [source.path.map { folder.pushing($0) }].compactMap { $0 }
        (self.surroundings, self.reporter) = (surroundings, reporter)
    }

    /// - Parameter name: `NAME`, `NAME:TAG` or `NAME@DIGEST`.
    /// - Throws: `Failure` with code `usage` for a malformed name, or a choice that is none.
    public init(
        name: String, choices: PullChoices, surroundings: Surroundings, reporter: any Reporter
    ) throws {
        request = try choices.applied(to: PullRequest(name))
        inputs = []
        (self.surroundings, self.reporter) = (surroundings, reporter)
    }

    /// - Parameters:
    ///   - output: the output's path, `-` for standard output, nil for a file called after the image.
    ///   - jsonFile: where what is known of the image will be written, if anywhere.
    /// - Throws: `Failure`; then there is no output. With code `data` where the image is not what was asked for.
    public func write(to output: String?, format: ArchiveFormat, jsonFile: String?) async throws -> ImageResult {
        let folder = surroundings.currentDirectory
        let destination = ArchiveOutput(
            output, name: request.finalName.name ?? "", format: format, compressor: .none, in: folder)
        // Before the work: it would be in vain.
        try destination.check(inputs: inputs)
        if let jsonFile { try destination.check(jsonFile: folder.pushing(FilePath(jsonFile)), inputs: inputs) }
        let pulled = try await PulledImage(request, surroundings, reporter)
        var result: ImageResult
        var sha256: Digest?
        if format == .dockerArchive {
            (result, sha256) = try write(pulled, to: destination)
        } else {
            // The hash is of the docker-archive, whatever is written.
            if request.hash != nil {
                let known = try pulled.archiveHash(progress: reporter)
                try pulled.check(known)
                sha256 = known
            }
            result = try destination.write(
                [pulled.named], format: format, compressor: pulled.image.layerCompressor, surroundings,
                progress: reporter)
        }
        if request.hash == nil { warn(pulled, sha256) }
        result.more = [
            "digest": .string("\(pulled.digest)"), "sha256": sha256.map { .string("\($0)") } ?? .null,
        ]
        return result
    }

    private func write(_ pulled: PulledImage, to destination: ArchiveOutput) throws -> (ImageResult, Digest?) {
        var sha256: Digest?
        let result = try destination.write(progress: reporter) { sink in
            // What went to standard output cannot be called back.
            guard request.hash != nil, case .standardOutput = destination else {
                let (written, hash) = try pulled.writeArchive(to: sink, progress: reporter)
                try pulled.check(hash)
                sha256 = hash
                return [written]
            }
            let (archive, (written, hash)) = try surroundings.spool.makeFile("the archive").keep {
                try pulled.writeArchive(to: $0, progress: reporter)
            }
            try pulled.check(hash)
            sha256 = hash
            try archive.copy(to: sink)
            return [written]
        }
        return (result, sha256)
    }

    private func warn(_ pulled: PulledImage, _ sha256: Digest?) {
        // The tag stays: it is in the archive, and so in the hash.
        let name = request.reference.with(tag: request.reference.tag, digest: pulled.digest)
        let pin =
            sha256.map { "to pin it: --sha256 \($0.nixBase32), of \(name)" }
            ?? "`dockertools prefetch \(name)` tells the hash to pin"
        let fault =
            request.reference.digest == nil
            ? "nothing pins \(request.reference): the registry is believed" : "no hash pins the archive"
        reporter.warn("\(fault); \(pin)")
    }
}

extension ArchivedImage {
    /// How its layers are to be compressed so that they can stay as they are: as all of them are, else by gzip.
    fileprivate var layerCompressor: Compressor {
        get throws {
            for layer in archivedLayers { layer.expect() }
            let kinds = Set(try archivedLayers.map { try Compression(of: $0.file) })
            return kinds == [.zstd] ? .zstd : kinds == [.none] ? .none : .gz
        }
    }
}
