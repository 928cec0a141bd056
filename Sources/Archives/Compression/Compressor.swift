/// How an archive, or a layer in the OCI formats, is compressed.
public enum Compressor: String, CaseIterable, Sendable {
    case none
    case gz
    case zstd

    /// What is put behind `.tar` in the name of a file.
    public var suffix: String {
        switch self {
        case .none: ""
        case .gz: ".gz"
        case .zstd: ".zst"
        }
    }
}
