public import Compression
import SystemPackage

/// A file, a directory or a stream that images are written to, with the format and the compression.
public struct ImageDestination: Equatable, Sendable {
    /// The path of the output, `-` for standard output; nil: a file in the current directory that is named after the image.
    public var path: String?
    /// The format of the output.
    public var format: ArchiveFormat
    /// The compression of a docker-archive, or of the layers in the OCI formats; nil: the compressor of the spec, else by the
    /// ending of the path (`.gz`, `.zst`), else none.
    public var compressor: Compressor?
    /// A file for a JSON description of the written images; nil: there is none.
    public var jsonFile: String?

    /// Creates a destination.
    public init(
        _ path: String?, format: ArchiveFormat = .dockerArchive, compressor: Compressor? = nil, jsonFile: String? = nil
    ) {
        self.path = path
        self.format = format
        self.compressor = compressor
        self.jsonFile = jsonFile
    }

    /// An archive in the format of `docker save`.
    public static func dockerArchive(_ path: String, compressor: Compressor? = nil) -> ImageDestination {
        ImageDestination(path, compressor: compressor)
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

    /// The compression for an image.
    ///
    /// - Parameter spec: the spec that the image is built from; nil for other images.
    func compressor(for spec: ImageSpec?) -> Compressor {
        compressor ?? spec?.compressor ?? compressorOfPath
    }

    private var compressorOfPath: Compressor {
        switch path.map({ FilePath($0).extension }) {
        case "gz", "tgz": .gz
        case "zst": .zstd
        default: .none
        }
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
