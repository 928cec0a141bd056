import Compression
import Errors
import Images
import JSON
import OCI
import SystemPackage

/// Brings an image from a registry, and writes it as the docker-archive that skopeo writes of it.
package struct Pull: Sendable {
    private let request: PullRequest
    private let inputs: [FilePath]
    private let context: Context
    private let reporter: any Reporter

    /// - Parameters:
    ///   - source: the spec.
    ///   - sets: the overrides of the command line, `KEY=VALUE` each.
    /// - Throws: `ToolError` as the reading and the checking of specs do; with code `usage` for a choice that is none.
    package init(
        spec source: SpecSource, sets: [String], choices: PullChoices, context: Context,
        reporter: any Reporter
    ) throws {
        let directory = context.currentDirectory
        let file = try SpecFile.read(source, currentDirectory: directory)
        request = try choices.applied(to: PullRequest(PullSpec.read(file, sets: sets)))
        inputs = [source.path.map { directory.pushing($0) }].compactMap { $0 }
        (self.context, self.reporter) = (context, reporter)
    }

    /// - Parameter name: `NAME`, `NAME:TAG` or `NAME@DIGEST`.
    /// - Throws: `ToolError` with code `usage` for a malformed name, or a choice that is none.
    package init(
        name: String, choices: PullChoices, context: Context, reporter: any Reporter
    ) throws {
        request = try choices.applied(to: PullRequest(name))
        inputs = []
        (self.context, self.reporter) = (context, reporter)
    }

    /// - Parameters:
    ///   - output: the output's path, `-` for standard output, nil for a file called after the image.
    ///   - jsonFile: where what is known of the image will be written, if anywhere.
    /// - Throws: `ToolError`; then there is no output. With code `data` where the image is not what was asked for.
    package func write(to output: String?, format: ArchiveFormat, jsonFile: String?) async throws -> ImageResult {
        let directory = context.currentDirectory
        let destination = ImageOutput(
            output, name: request.finalName.name ?? "", format: format, compressor: .none, in: directory)
        // Before the work: it would be in vain.
        try destination.check(inputs: inputs)
        if let jsonFile { try destination.check(jsonFile: directory.pushing(FilePath(jsonFile)), inputs: inputs) }
        let pulled = try await PulledImage(request, context, reporter)
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
                [pulled.named], format: format, compressor: pulled.image.layerCompressor, context,
                progress: reporter)
        }
        if request.hash == nil { warn(pulled, sha256) }
        result.more = [
            "digest": .string("\(pulled.digest)"), "sha256": sha256.map { .string("\($0)") } ?? .null,
        ]
        return result
    }

    private func write(_ pulled: PulledImage, to destination: ImageOutput) throws -> (ImageResult, Digest?) {
        var sha256: Digest?
        let result = try destination.write(progress: reporter) { sink in
            // What went to standard output cannot be called back.
            guard request.hash != nil, case .standardOutput = destination else {
                let (written, hash) = try pulled.writeArchive(to: sink, progress: reporter)
                try pulled.check(hash)
                sha256 = hash
                return [written]
            }
            let (archive, (written, hash)) = try context.spool.makeFile("the archive").keep {
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
            for layer in archivedLayers { layer.prefetch() }
            let kinds = Set(try archivedLayers.map { try Compression(of: $0.file) })
            return kinds == [.zstd] ? .zstd : kinds == [.none] ? .none : .gz
        }
    }
}

/// What the command line says of an image to pull, besides its name: it goes before what a spec says.
package struct PullChoices: Sendable {
    /// In any form of Nix.
    package var sha256: String?
    package var os: String?
    package var arch: String?
    package var variant: String?
    package var finalImageName: String?
    package var finalImageTag: String?

    package init() {}

    /// The request as it is chosen.
    ///
    /// - Throws: `ToolError` with code `usage` for what no spec could say either.
    func applied(to request: PullRequest) throws -> PullRequest {
        var request = request
        if let sha256 = try checked(sha256, "sha256", "--sha256") { request.hash = PinnedHash(sha256) }
        if let os = try checked(os, "os", "--os") { request.platform.os = os }
        if let arch = try checked(arch, "arch", "--arch") {
            request.platform.architecture = HostArchitecture.goName(of: arch)
        }
        if let variant = try checked(variant, "variant", "--variant") { request.platform.variant = variant }
        if let name = try checked(finalImageName, "finalImageName", "--final-image-name") {
            request.finalName.name = name
        }
        if let tag = try checked(finalImageTag, "finalImageTag", "--final-image-tag") { request.finalName.tag = tag }
        return request
    }

    /// An option's value, which has the type of a spec's key.
    private func checked(_ value: String?, _ key: String, _ option: String) throws -> String? {
        guard let value else { return nil }
        var report = SpecReport()
        SpecKey.named(key)?.type.check(.string(value), at: SpecPath(key), &report)
        if let fault = report.issues.first {
            throw ToolError(
                .usage, "cannot take \(option) \(JSONValue.string(value).shortened)", cause: fault.reason,
                remedy: "correct the option")
        }
        return value
    }
}
