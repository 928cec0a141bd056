import Compression
import Errors
import Images
import SystemPackage

/// The format and the compression of an output: those that were asked for, else those that its ending says.
struct OutputForm {
    let format: ArchiveFormat
    let compressor: Compressor

    /// The ending of the default name.
    var suffix: String { format.suffix(compressor) }

    /// Chooses the form of a destination.
    ///
    /// What the destination states comes first, then the compressor that the spec states, then the ending of the path.
    ///
    /// - Parameters:
    ///   - spec: the spec that the image is built from; nil for other images.
    ///   - reporter: receives a warning if the ending says something else than the form is.
    /// - Throws: `ToolError` with code `usage` for an ending that no form has.
    static func choose(
        for destination: ImageDestination, _ spec: ImageSpec?, _ reporter: any Reporter
    ) throws -> OutputForm {
        let ending = try OutputEnding.of(destination.path)
        if ending == .squashfs {
            throw ToolError(
                .usage, "cannot write '\(destination.path ?? "")'",
                cause: "only the root file system of an image can be a squashfs, not the image",
                remedy: "write the root file system with `dockertools export`, or name the image .tar, .tar.gz or .oci")
        }
        let format = destination.format ?? (ending == .layout ? .ociLayout : .dockerArchive)
        let stated = destination.compressor ?? spec?.compressor
        let form = OutputForm(
            format: format, compressor: stated ?? ending?.compressor(in: format) ?? (spec == nil ? .none : .gz))
        if let path = destination.path, let what = form.contradiction(of: ending) {
            reporter.warn("'\(path)' does not hold what its ending says: it is \(what)")
        }
        return form
    }

    /// A description of the output, if it is not what its ending says.
    private func contradiction(of ending: OutputEnding?) -> String? {
        switch (format, ending) {
        case (_, nil), (_, .squashfs), (.ociLayout, .layout): nil
        case (.ociLayout, _): "a directory, an OCI layout"
        case (.ociArchive, .tar(.none)): nil
        case (.ociArchive, _): "an oci-archive, an uncompressed tar of compressed layers"
        case (.dockerArchive, .tar(compressor)): nil
        case (.dockerArchive, _):
            compressor == .none ? "an uncompressed docker-archive" : "a docker-archive compressed by \(compressor)"
        }
    }
}

/// What the ending of an output's path says about the file.
enum OutputEnding: Equatable {
    /// A tar, compressed as a whole.
    case tar(Compressor)
    /// The directory of an OCI layout.
    case layout
    /// A compressed file system.
    case squashfs

    /// The endings by what they say, in lower case.
    private static let known: [(ending: String, meaning: OutputEnding)] = [
        (".tar", .tar(.none)), (".gz", .tar(.gz)), (".tgz", .tar(.gz)), (".zst", .tar(.zstd)), (".tzst", .tar(.zstd)),
        (".oci", .layout), (".squashfs", .squashfs),
    ]

    /// The endings of files that nothing here writes.
    private static let foreign = [".xz", ".txz", ".bz2", ".tbz2", ".tbz", ".lz4", ".lzma", ".zip", ".7z", ".br"]

    /// Reads the ending of a path.
    ///
    /// - Parameter path: nil or `-` for an output without a name.
    /// - Returns: nil if the ending says nothing.
    /// - Throws: `ToolError` with code `usage` for the ending of a file that nothing here writes.
    static func of(_ path: String?) throws -> OutputEnding? {
        guard let path, path != "-", let name = FilePath(path).lastComponent?.string.lowercased() else { return nil }
        if let ending = foreign.first(where: name.hasSuffix) {
            throw ToolError(
                .usage, "cannot write '\(path)'", cause: "no output has the form that the ending \(ending) says",
                remedy: "name it .tar, .tar.gz or .tar.zst")
        }
        return known.first { name.hasSuffix($0.ending) }?.meaning
    }

    /// Checks the ending of a tar that is never compressed.
    ///
    /// - Throws: `ToolError` with code `usage` if the path ends like a compressed file.
    static func check(uncompressed path: String?, _ what: String) throws {
        guard case .tar(let compressor) = try of(path), compressor != .none else { return }
        throw ToolError(
            .usage, "cannot write '\(path ?? "")'", cause: "\(what) is not compressed, and the ending says that it is",
            remedy: "name it .tar, and compress the file afterwards if it has to be smaller")
    }

    /// The compression that the ending asks for; nil if it asks for none in particular.
    fileprivate func compressor(in format: ArchiveFormat) -> Compressor? {
        guard case .tar(let compressor) = self, format != .ociLayout else { return nil }
        // An oci-archive is a tar in any case: its layers are compressed.
        return format == .ociArchive && compressor == .none ? nil : compressor
    }
}
