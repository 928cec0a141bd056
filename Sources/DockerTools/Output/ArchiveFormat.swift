/// The form of an image in a file.
public enum ArchiveFormat: String, CaseIterable, Sendable {
    /// What `docker save` writes and `docker load` reads.
    case dockerArchive = "docker-archive"
}
