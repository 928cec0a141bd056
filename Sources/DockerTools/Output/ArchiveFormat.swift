import Archives

/// The form of an image in a file or a folder.
public enum ArchiveFormat: String, CaseIterable, Sendable {
    /// What `docker save` writes and `docker load` reads.
    case dockerArchive = "docker-archive"
    /// An OCI image layout in a tar, with Docker's manifest.json beside it, so that `docker load` reads it too.
    case ociArchive = "oci-archive"
    /// An OCI image layout as a folder.
    case ociLayout = "oci-layout"

    /// What is put behind the image's name in the name of the output.
    func suffix(_ compressor: Compressor) -> String {
        switch self {
        case .dockerArchive: ".tar\(compressor.suffix)"
        case .ociArchive: ".tar"
        case .ociLayout: ".oci"
        }
    }
}
