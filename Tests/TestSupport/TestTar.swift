import ByteIO
import Tar

/// Plain files in a tar, as docker-archives are made of them.
public enum TestTar {
    /// A tar of files.
    public static func files(_ files: [(name: String, body: [UInt8])]) throws -> [UInt8] {
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
