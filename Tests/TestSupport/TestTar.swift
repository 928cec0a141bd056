import ByteIO
import Tar

/// Builds tars of regular files, as docker-archives consist of them.
package enum TestTar {
    /// Builds a tar of files.
    package static func files(_ files: [(name: String, body: [UInt8])]) throws -> [UInt8] {
        let sink = MemorySink()
        let writer = TarWriter(to: sink, owner: TarOwner())
        for file in files {
            try Array(file.name.utf8).withUnsafeBytes {
                try writer.header(TarEntry(path: $0, kind: .file, mode: 0o644, size: UInt64(file.body.count)))
            }
            try writer.body(file.body)
        }
        try writer.finish()
        return sink.bytes
    }
}
