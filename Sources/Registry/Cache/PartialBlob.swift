import Archives
import Digests
import Failures
import Glibc
import Tar

/// A blob that is being fetched: what is written to it goes behind what is there already, and is hashed on the way.
///
/// What a fetch that was cut left is there when the next one begins: it goes on behind `count` bytes, or calls `restart`
/// where the server gives all of the blob again.
public final class PartialBlob: ByteSink {
    /// Bytes that are there, those that a former fetch left included.
    public private(set) var count: UInt64 = 0
    /// Whether some of the bytes are of a former fetch, which nobody has vouched for since.
    private(set) var isResumed = false
    /// Whether the file is of no use any more: it could not be written, or holds something else.
    var isUseless = false

    let descriptor: Int32
    private let digest: Digest
    /// Bytes that the blob has; nil if that is not known.
    let size: UInt64?
    private let place: Place
    private var sink: HashSink

    /// Where the file lies, as errors tell it.
    struct Place {
        /// `the cache folder '/root/.cache/dockertools'`
        let name: String
        /// What to do if it cannot be written.
        let advice: String
    }

    /// - Parameters:
    ///   - descriptor: a file open for reading and writing, which stays the caller's to close; what is in it is hashed.
    ///   - size: bytes that the blob has; nil if that is not known.
    /// - Throws: `Failure` with code `io`.
    init(_ descriptor: Int32, of digest: Digest, size: UInt64?, in place: Place) throws {
        self.descriptor = descriptor
        self.digest = digest
        self.size = size
        self.place = place
        sink = try HashSink()
        try hashWhatIsThere()
    }

    private func hashWhatIsThere() throws {
        let (hash, buffer) = (try SHA256(), BlockBuffer(capacity: defaultBufferSize))
        let source = FileSource(descriptor, name: "a blob in \(place.name)")
        while true {
            buffer.clear()
            let read = try source.read(into: buffer.room)
            guard read > 0 else { break }
            buffer.advance(read)
            hash.update(buffer.bytes)
            count += UInt64(read)
        }
        isResumed = count > 0
        sink = HashSink(continuing: hash, to: fileSink())
    }

    /// Writes where the descriptor stands.
    private func fileSink() -> DescriptorSink { DescriptorSink(descriptor, name: place.name) }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        try countIn(bytes.count)
        try onDisk { try sink.write(bytes) }
    }

    public var bufferSize: Int { sink.bufferSize }

    public func take(_ buffer: BlockBuffer) throws -> BlockBuffer {
        try countIn(buffer.filled)
        return try onDisk { try sink.take(buffer) }
    }

    /// Drops all that is there: the server gives the blob from its start.
    ///
    /// - Throws: `Failure` with code `io`.
    public func restart() throws {
        try onDisk {
            _ = try sink.finish()
            guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
                throw Failure.io("cannot write to \(place.name)")
            }
            sink = try HashSink(to: fileSink())
        }
        (count, isResumed) = (0, false)
    }

    /// Writes what is held back, and tells what all of it has as its digest.
    func finish() throws -> Digest {
        try onDisk { try sink.finish() }
    }

    /// A server that sends without end is told from one that sends a blob.
    private func countIn(_ bytes: Int) throws {
        count += UInt64(bytes)
        guard let size, count > size else { return }
        isUseless = true
        throw fault("it has more than the \(size) bytes that it should have")
    }

    /// What is wrong with all that is there; nil if it is the blob.
    func fault() throws -> Failure? {
        let digest = try finish()
        if let size, count != size { return fault("it has \(count) bytes, and should have \(size)") }
        return digest == self.digest ? nil : fault("what came has the digest \(digest)")
    }

    private func fault(_ why: String) -> Failure {
        Failure(
            .data, "cannot use the blob \(digest)", why: why,
            advice: "fetch it again; if that does not help, what the server has is damaged, or was tampered with")
    }

    /// Says what helps if the file cannot be written.
    private func onDisk<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let failure as Failure {
            isUseless = true
            throw Failure(failure.code, failure.what, why: failure.why, advice: place.advice)
        }
    }
}
