import ByteIO
import Compression
import Errors
import Images
import JSON
public import OCI
import Registry
import SystemPackage

/// An image to pull: a name, or a spec with the arguments of nixpkgs' `pullImage`.
public enum PullSource: Sendable {
    /// `NAME`, `NAME:TAG` or `NAME@DIGEST`.
    case name(String)
    /// A spec file, and overrides of its keys: `KEY=VALUE`.
    case specFile(SpecSource, overrides: [String] = [])
}

extension DockerTools {
    /// Pulls an image from a registry and writes it. A docker-archive has the bytes that skopeo writes.
    ///
    /// - Throws: `ToolError`; there is no output then. The code is `data` if the image does not have the expected hash.
    @discardableResult
    public func pull(
        _ source: PullSource, _ choices: PullChoices = PullChoices(), to destination: ImageDestination
    ) async throws -> ImageResult {
        try await run {
            // The hash is the one of the uncompressed archive.
            try OutputEnding.check(uncompressed: destination.path, "a pulled archive")
            var uncompressed = destination
            uncompressed.compressor = Compressor.none
            let format = try OutputForm.choose(for: uncompressed, nil, context.reporter).format
            let (request, inputs) = try pullRequest(for: source, choices)
            let writer = ImageWriter(
                to: destination.path, name: request.finalName.name ?? "", suffix: format.suffix(.none), context)
            // A conflict is found before the work.
            try writer.check(inputs: inputs, jsonFile: destination.jsonFile)
            let pulled = try await PulledImage.fetch(request, context)
            let result = try ArchivePull(request: request, pulled: pulled, context: context)
                .write(to: writer, format, destination.compressor)
            try result.write(result.json, to: destination.jsonFile, context)
            return result
        }
    }

    /// Reads the spec of a source, if it is one.
    ///
    /// - Returns: the request, and the files that were read.
    private func pullRequest(for source: PullSource, _ choices: PullChoices) throws -> (PullRequest, inputs: [FilePath])
    {
        switch source {
        case .name(let name): return (try choices.applied(to: PullRequest(name)), [])
        case .specFile(let source, let overrides):
            let directory = context.currentDirectory
            let file = try SpecFile.read(source, currentDirectory: directory)
            let request = try choices.applied(to: PullRequest(PullSpec.read(file, sets: overrides)))
            return (request, [source.path.map { directory.pushing($0) }].compactMap { $0 })
        }
    }
}

/// Writes a pulled image and checks its hash.
private struct ArchivePull {
    let request: PullRequest
    let pulled: PulledImage
    let context: Context

    func write(to writer: ImageWriter, _ format: ArchiveFormat, _ compressor: Compressor?) throws -> ImageResult {
        var result: ImageResult
        var sha256: Digest?
        if format == .dockerArchive {
            (result, sha256) = try writeArchive(to: writer)
        } else {
            // The expected hash is the one of the docker-archive in every format.
            if request.hash != nil {
                let hash = try pulled.archiveHash()
                try pulled.check(hash)
                sha256 = hash
            }
            result = try writer.write(
                [pulled.named], OutputForm(format: format, compressor: compressor ?? pulled.image.layerCompressor))
        }
        if request.hash == nil { warn(sha256) }
        result.more = [
            "digest": .string("\(pulled.digest)"), "sha256": sha256.map { .string("\($0)") } ?? .null,
        ]
        return result
    }

    private func writeArchive(to writer: ImageWriter) throws -> (ImageResult, Digest?) {
        var sha256: Digest?
        let result = try writer.write { sink in
            // Standard output cannot be undone, so the archive is checked before it is written there.
            guard request.hash != nil, writer.isStandardOutput else {
                let (written, hash) = try pulled.writeArchive(to: sink)
                try pulled.check(hash)
                sha256 = hash
                return [written]
            }
            let (archive, (written, hash)) = try context.spool.makeFile("the archive").keep {
                try pulled.writeArchive(to: $0)
            }
            try pulled.check(hash)
            sha256 = hash
            try archive.copy(to: sink)
            return [written]
        }
        return (result, sha256)
    }

    /// Warns that nothing pins the image, and names the values that do.
    private func warn(_ sha256: Digest?) {
        // The name keeps its tag because the tag is in the archive, and so in the hash.
        let name = request.reference.with(tag: request.reference.tag, digest: pulled.digest)
        let pin =
            sha256.map { "to pin it, use sha256 \($0.nixBase32) and the name \(name)" }
            ?? "`dockertools prefetch \(name)` prints the hash that pins it"
        let problem =
            request.reference.digest == nil
            ? "nothing pins \(request.reference): the registry is trusted" : "no hash pins the archive"
        context.reporter.warn("\(problem); \(pin)")
    }
}

extension ArchivedImage {
    /// The compression with which the layers can stay unchanged: the one of all layers, else gzip.
    fileprivate var layerCompressor: Compressor {
        get throws {
            for layer in archivedLayers { layer.prefetch() }
            let kinds = Set(try archivedLayers.map { try Compression(of: $0.file) })
            return kinds == [.zstd] ? .zstd : kinds == [.none] ? .none : .gz
        }
    }
}

/// Settings for pulling an image. They take precedence over the keys of a spec.
public struct PullChoices: Sendable {
    /// The expected SHA-256 of the docker-archive: Nix base-32, hexadecimal or SRI.
    public var sha256: String?
    /// The platform, which an image that is not an index must have as well; nil: `os`, `arch` and `variant`.
    public var platform: Platform?
    /// The operating system, such as `linux`.
    public var os: String?
    /// The processor by Go's name, such as `amd64`.
    public var arch: String?
    /// The variant of the processor, such as `v7` of arm.
    public var variant: String?
    /// The name in the archive.
    public var finalImageName: String?
    /// The tag in the archive.
    public var finalImageTag: String?

    /// Creates settings that choose nothing.
    public init() {}

    /// Applies the settings to a request.
    ///
    /// - Throws: `ToolError` with code `usage` for a value that would be invalid in a spec.
    func applied(to request: PullRequest) throws -> PullRequest {
        var request = request
        if let sha256 = try checked(sha256, "sha256", .sha256) { request.hash = PinnedHash(sha256) }
        if let os = try checked(os, "os", .os) { request.platform.os = os }
        if let arch = try checked(arch, "arch", .architecture) {
            request.platform.architecture = HostArchitecture.goName(of: arch)
        }
        if let variant = try checked(variant, "variant", .variant) { request.platform.variant = variant }
        if let platform { (request.platform, request.requiresPlatform) = (platform, true) }
        if let name = try checked(finalImageName, "finalImageName", .finalImageName) {
            request.finalName.name = name
        }
        if let tag = try checked(finalImageTag, "finalImageTag", .finalImageTag) { request.finalName.tag = tag }
        return request
    }

    /// Checks a value by the type of the spec's key.
    private func checked(_ value: String?, _ key: String, _ setting: Setting) throws -> String? {
        guard let value else { return nil }
        var report = SpecReport()
        SpecKey.named(key)?.type.check(.string(value), at: SpecPath(key), &report)
        if let fault = report.issues.first {
            throw ToolError(
                .usage, "cannot use the \(key) \(JSONValue.string(value).shortened)", cause: fault.reason,
                remedy: "correct \(setting)")
        }
        return value
    }
}
