/// The form of an exported root file system.
public enum ExportFormat: String, CaseIterable, Sendable {
    /// One tar.
    case tar
    /// A compressed file system to be mounted, made by the program `sqfstar`.
    case squashfs

    /// What is put behind the image's name in the name of the output.
    var suffix: String { "-rootfs.\(rawValue)" }
}
