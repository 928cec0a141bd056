public import Compression
import Errors

/// A file, a directory or a stream that images are written to, with the format and the compression.
public struct ImageDestination: Equatable, Sendable {
    /// The path of the output, `-` for standard output; nil: a file in the current directory that is named after the image.
    public var path: String?
    /// The format of the output; nil: an OCI layout if the path ends in `.oci`, else a docker-archive.
    public var format: ArchiveFormat?
    /// The compression of a docker-archive, or of the layers in the OCI formats; nil: the compressor of the spec, else by the
    /// ending of the path (`.tar`, `.gz`, `.zst`), else gzip for the image of a spec and none for other images.
    public var compressor: Compressor?
    /// A file for a JSON description of the written images; nil: there is none.
    public var jsonFile: String?

    /// Creates a destination.
    public init(
        _ path: String?, format: ArchiveFormat? = nil, compressor: Compressor? = nil, jsonFile: String? = nil
    ) {
        self.path = path
        self.format = format
        self.compressor = compressor
        self.jsonFile = jsonFile
    }

    /// An archive in the format of `docker save`.
    public static func dockerArchive(_ path: String, compressor: Compressor? = nil) -> ImageDestination {
        ImageDestination(path, format: .dockerArchive, compressor: compressor)
    }

    /// An OCI image layout in a tar, which `docker load` reads as well.
    public static func ociArchive(_ path: String, compressor: Compressor? = nil) -> ImageDestination {
        ImageDestination(path, format: .ociArchive, compressor: compressor)
    }

    /// The directory of an OCI image layout. An existing layout is replaced.
    public static func ociLayout(_ path: String, compressor: Compressor? = nil) -> ImageDestination {
        ImageDestination(path, format: .ociLayout, compressor: compressor)
    }

    /// An uncompressed archive in the format of `docker save`, written to standard output.
    public static var standardOutput: ImageDestination { ImageDestination("-", compressor: Compressor.none) }

    /// Parses the text of a command line: a path, or `docker-archive:PATH` or `oci-archive:PATH`, which state the format.
    ///
    /// - Throws: `ToolError` with code `usage` for a scheme that contradicts `format`, or that is not of a file.
    package init(
        parsing text: String?, format: ArchiveFormat? = nil, compressor: Compressor? = nil, jsonFile: String? = nil
    ) throws {
        guard let text, let (scheme, rest) = Self.split(text) else {
            self.init(text, format: format, compressor: compressor, jsonFile: jsonFile)
            return
        }
        guard let stated = ArchiveFormat(rawValue: scheme) else { throw Self.foreign(text, scheme, rest) }
        guard format == nil || format == stated else {
            throw ToolError(
                .usage, "cannot write '\(text)'", cause: "its scheme contradicts the format \(format?.rawValue ?? "")",
                remedy: "give the format once, with \(.format) or before the path")
        }
        self.init(rest, format: stated, compressor: compressor, jsonFile: jsonFile)
    }

    /// The scheme of a text and the rest of it; nil if the text is a path.
    private static func split(_ text: String) -> (scheme: String, rest: String)? {
        for scheme in ["docker-archive", "oci-archive", "oci", "docker", "docker-daemon"]
        where text.hasPrefix("\(scheme):") {
            return (scheme, String(text.dropFirst(scheme.count + 1)))
        }
        return nil
    }

    private static func foreign(_ text: String, _ scheme: String, _ rest: String) -> ToolError {
        let remedy: Remedy =
            switch scheme {
            case "oci": "write a layout to \(rest) with \(.format) oci-layout"
            case "docker": "push the image with `dockertools push`"
            default: "load the image with `dockertools load`"
            }
        return ToolError(.usage, "cannot write '\(text)'", cause: "it is not the path of a file", remedy: remedy)
    }
}

/// The format of images in a file or a directory.
public enum ArchiveFormat: String, CaseIterable, Sendable {
    /// The format that `docker save` writes and `docker load` reads.
    case dockerArchive = "docker-archive"
    /// An OCI image layout in a tar, with Docker's manifest.json, so that `docker load` reads it as well.
    case ociArchive = "oci-archive"
    /// An OCI image layout in a directory.
    case ociLayout = "oci-layout"

    /// The ending of an output's default name.
    func suffix(_ compressor: Compressor) -> String {
        switch self {
        case .dockerArchive: ".tar\(compressor.suffix)"
        case .ociArchive: ".tar"
        case .ociLayout: ".oci"
        }
    }
}
