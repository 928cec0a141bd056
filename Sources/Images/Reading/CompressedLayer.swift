import Archives
import Digests
import Failures
import Tar

/// A layer that is compressed where it lies.
struct CompressedLayer {
    private let layer: ArchivedLayer
    private let file: FileRange

    init(_ layer: ArchivedLayer, _ file: FileRange) {
        self.layer = layer
        self.file = file
    }

    /// Writes the plain tar, and compares it and the file with their digests.
    ///
    /// - Throws: `Failure` with code `data` if the file is damaged or has another digest, or the tar has.
    func decompress(to sink: (any ByteSink)?) throws {
        let wanted = layer.isBrought ? nil : layer.digest
        let hashed = try wanted.map { _ in HashedSource(file.source(), try SHA256()) }
        let plain = try ArchiveSource(hashed ?? file.source(), name: layer.words, limits: .layer)
        let hash = try HashSink(to: sink)
        var buffer = BlockBuffer(capacity: hash.bufferSize)
        while true {
            buffer.advance(try plain.read(into: buffer.room))
            if buffer.filled == 0 { break }
            buffer = try hash.take(buffer)
        }
        if let hashed, let wanted {
            // A decompressor need not read what lies behind its stream, and the digest is of that too.
            _ = try hashed.skip(.max)
            let got = hashed.finish()
            guard got == wanted else { throw layer.mismatch(got: got, wanted: wanted, "its file has the digest") }
        }
        let diffID = try hash.finish()
        guard diffID == layer.diffID else {
            throw layer.mismatch(got: diffID, wanted: layer.diffID, "decompressed it has the digest")
        }
    }
}
