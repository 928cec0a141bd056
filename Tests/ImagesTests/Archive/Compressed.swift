import TestSupport

/// The output of the compression programs.
enum Compressed: String, CaseIterable, Sendable {
    case none, gzip, zstd, xz, bzip2

    func bytes(_ plain: [UInt8]) throws -> [UInt8] {
        self == .none ? plain : try Program.output([rawValue, "-c"], input: plain)
    }
}
