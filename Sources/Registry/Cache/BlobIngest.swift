import ByteIO
import Errors
import Glibc
import OCI
import SystemPackage

/// A blob that is being fetched: what is written to it goes behind what is there already, and is hashed on the way.
///
/// What a fetch that was cut left is there when the next one begins: it goes on behind `count` bytes, or calls `restart`
/// where the server gives all of the blob again.
package final class BlobIngest: ByteSink {
    /// Bytes that are there, those that a former fetch left included.
    package private(set) var count: UInt64 = 0
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
        /// `the cache directory '/root/.cache/dockertools'`
        let name: String
        /// What to do if it cannot be written.
        let remedy: Remedy
    }

    /// - Parameters:
    ///   - descriptor: a file open for reading and writing, which stays the caller's to close; what is in it is hashed.
    ///   - size: bytes that the blob has; nil if that is not known.
    /// - Throws: `ToolError` with code `io`.
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

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        try countIn(bytes.count)
        try onDisk { try sink.write(bytes) }
    }

    package var bufferSize: Int { sink.bufferSize }

    package func take(_ buffer: BlockBuffer) throws -> BlockBuffer {
        try countIn(buffer.filled)
        return try onDisk { try sink.take(buffer) }
    }

    /// Drops all that is there: the server gives the blob from its start.
    ///
    /// - Throws: `ToolError` with code `io`.
    package func restart() throws {
        try onDisk {
            _ = try sink.finish()
            guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
                throw ToolError.io("cannot write to \(place.name)")
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
    func fault() throws -> ToolError? {
        let digest = try finish()
        if let size, count != size { return fault("it has \(count) bytes, and should have \(size)") }
        return digest == self.digest ? nil : fault("what came has the digest \(digest)")
    }

    private func fault(_ cause: String) -> ToolError {
        ToolError(
            .data, "cannot use the blob \(digest)", cause: cause,
            remedy: "fetch it again; if that does not help, what the server has is damaged, or was tampered with")
    }

    /// Says what helps if the file cannot be written.
    private func onDisk<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let failure as ToolError {
            isUseless = true
            throw ToolError(failure.code, failure.message, cause: failure.cause, remedy: place.remedy)
        }
    }
}

extension BlobIngest {
    /// Whether a later fetch can go on behind what is there.
    var isWorthKeeping: Bool { !isUseless && count > 0 }

    /// Has `fetch` write what is missing, and compares all of it with its size and digest.
    ///
    /// What a former fetch left may have been damaged since: it is not the server's fault before all of the blob came from it.
    ///
    /// - Throws: `ToolError` with code `data` for another size or digest; what `fetch` throws.
    func complete(_ fetch: (BlobIngest) throws -> Void) throws {
        if let size, count > size { try restart() }
        if size.map({ count < $0 }) ?? true { try attempt(fetch) }
        var fault = try fault()
        if fault != nil, isResumed {
            try restart()
            try attempt(fetch)
            fault = try self.fault()
        }
        if let fault {
            isUseless = true
            throw fault
        }
    }

    /// Whatever comes of it, what came is on its way to the file.
    private func attempt(_ fetch: (BlobIngest) throws -> Void) throws {
        do {
            try fetch(self)
        } catch {
            if !isUseless { _ = try finish() }
            throw error
        }
    }
}

/// The file of a blob that is on its way, locked by this process: no other fetches the same blob, or prunes the file.
struct LockedIngest: ~Copyable {
    let path: FilePath
    /// Open for reading and writing, at its start.
    let descriptor: Int32

    private init(path: FilePath, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// What came of trying to open one.
    enum Attempt: ~Copyable {
        case locked(LockedIngest)
        /// Another process has put it in its place, or removed it, meanwhile.
        case gone
        /// The directory cannot be written, or knows no locks.
        case impossible(Errno)
    }

    /// Opens or makes the file, and waits until no other process has it.
    ///
    /// - Parameter waiting: is called if it must wait.
    static func open(_ path: FilePath, waiting: () -> Void) -> Attempt {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = path.withPlatformString { Glibc.open($0, flags, mode_t(0o600)) }
        guard descriptor >= 0 else { return .impossible(Errno(rawValue: errno)) }
        let partial = LockedIngest(path: path, descriptor: descriptor)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return .impossible(.fileExists)
        }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK else { return .impossible(Errno(rawValue: errno)) }
            waiting()
            while flock(descriptor, LOCK_EX) != 0 {
                guard errno == EINTR else { return .impossible(Errno(rawValue: errno)) }
            }
        }
        return partial.isInPlace ? .locked(partial) : .gone
    }

    /// Removes the file of a blob that nobody fetches; false if somebody does.
    static func removeUnlocked(_ path: FilePath) -> Bool {
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = path.withPlatformString { Glibc.open($0, flags) }
        guard descriptor >= 0 else { return false }
        let partial = LockedIngest(path: path, descriptor: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, partial.isInPlace else { return false }
        return partial.remove()
    }

    @discardableResult
    borrowing func remove() -> Bool { path.withPlatformString { unlink($0) } == 0 }

    /// Whether the file is still what lies at its path.
    private var isInPlace: Bool {
        var (file, place) = (stat(), stat())
        return fstat(descriptor, &file) == 0 && path.withPlatformString { lstat($0, &place) } == 0
            && file.st_dev == place.st_dev && file.st_ino == place.st_ino
    }
}
