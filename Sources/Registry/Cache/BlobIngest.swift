package import ByteIO
import Errors
import Glibc
import OCI
import SystemPackage

/// A blob that is being fetched: writes are appended to its file and hashed.
///
/// The file may contain bytes of an earlier, interrupted fetch. A fetch continues after `count` bytes, or calls
/// `restart` if the server sends the whole blob again.
package final class BlobIngest: ByteSink {
    /// The number of bytes in the file, including those of an earlier fetch.
    package private(set) var count: UInt64 = 0
    /// Whether the file contains bytes of an earlier fetch.
    private var isResumed = false
    /// Whether the file cannot be continued: writing failed, or its contents are wrong.
    private var isUseless = false

    private let descriptor: Int32
    private let digest: Digest
    /// The expected size in bytes; nil if unknown.
    let size: UInt64?
    private let place: Place
    private var sink: HashSink

    /// The location of the file, for errors.
    struct Place {
        /// `the cache directory '/root/.cache/dockertools'`
        let name: String
        /// What to do if the file cannot be written.
        let remedy: Remedy
    }

    private init(_ descriptor: Int32, of digest: Digest, size: UInt64?, in place: Place) throws {
        self.descriptor = descriptor
        self.digest = digest
        self.size = size
        self.place = place
        sink = try HashSink()
    }

    /// Continues a file, and hashes its contents.
    ///
    /// - Parameters:
    ///   - descriptor: the file, open for reading and writing; the caller closes it.
    ///   - size: the expected size in bytes; nil if unknown.
    /// - Throws: `ToolError` with code `io`.
    static func open(_ descriptor: Int32, of digest: Digest, size: UInt64?, in place: Place) throws -> BlobIngest {
        let ingest = try BlobIngest(descriptor, of: digest, size: size, in: place)
        try ingest.hashContents()
        return ingest
    }

    private func hashContents() throws {
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

    /// Writes at the descriptor's current position.
    private func fileSink() -> DescriptorSink { DescriptorSink(descriptor, name: place.name) }

    /// Appends bytes.
    ///
    /// - Throws: `ToolError` with code `data` if the blob gets larger than expected, `io` if writing fails.
    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        try add(bytes.count)
        try onDisk { try sink.write(bytes) }
    }

    /// The size in bytes of buffers that are written without a copy.
    package var bufferSize: Int { sink.bufferSize }

    /// Appends a whole buffer.
    ///
    /// - Throws: `ToolError` with code `data` if the blob gets larger than expected, `io` if writing fails.
    package func take(_ buffer: BlockBuffer) throws -> BlockBuffer {
        try add(buffer.filled)
        return try onDisk { try sink.take(buffer) }
    }

    /// Empties the file, because the server sends the blob from its start.
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

    /// Counts bytes before they are written, so that a server cannot fill the disk.
    private func add(_ bytes: Int) throws {
        count += UInt64(bytes)
        guard let size, count > size else { return }
        isUseless = true
        throw error("it is larger than the expected \(size) bytes")
    }

    // MARK: Verification

    /// Whether a later fetch can continue the file.
    var isResumable: Bool { !isUseless && count > 0 }

    /// Calls `fetch` to write the missing bytes, and verifies the size and digest of the whole blob.
    ///
    /// If the verification fails and the file contains bytes of an earlier fetch, which may have been damaged since,
    /// the whole blob is fetched once more.
    ///
    /// - Throws: `ToolError` with code `data` for another size or digest; errors of `fetch`.
    func complete(_ fetch: (BlobIngest) throws -> Void) throws {
        if let size, count > size { try restart() }
        if size.map({ count < $0 }) ?? true { try attempt(fetch) }
        var mismatch = try mismatch()
        if mismatch != nil, isResumed {
            try restart()
            try attempt(fetch)
            mismatch = try self.mismatch()
        }
        if let mismatch {
            isUseless = true
            throw mismatch
        }
    }

    /// Calls `fetch`; if it fails, flushes the bytes that arrived.
    private func attempt(_ fetch: (BlobIngest) throws -> Void) throws {
        do {
            try fetch(self)
        } catch {
            if !isUseless { _ = try finish() }
            throw error
        }
    }

    /// Flushes buffered bytes, and returns the digest of the whole file.
    private func finish() throws -> Digest {
        try onDisk { try sink.finish() }
    }

    /// The error if the file is not the expected blob.
    private func mismatch() throws -> ToolError? {
        let digest = try finish()
        if let size, count != size { return error("it has \(count) bytes instead of \(size)") }
        return digest == self.digest ? nil : error("the fetched data has the digest \(digest)")
    }

    private func error(_ cause: String) -> ToolError {
        ToolError(
            .data, "cannot use the blob \(digest)", cause: cause,
            remedy: "fetch it again; if that does not help, the server's copy is damaged or was tampered with")
    }

    /// Replaces the remedy of write errors by that of the file's location.
    private func onDisk<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as ToolError {
            isUseless = true
            throw ToolError(error.code, error.message, cause: error.cause, remedy: place.remedy)
        }
    }
}

/// The locked file of a blob that is being fetched. No other process fetches the same blob or prunes the file.
struct LockedIngest: ~Copyable {
    let path: FilePath
    /// The file, open for reading and writing, positioned at its start.
    let descriptor: Int32

    private init(path: FilePath, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// The result of opening and locking a file.
    enum Attempt: ~Copyable {
        case locked(LockedIngest)
        /// Another process has renamed or removed the file in the meantime.
        case gone
        /// The directory is not writable, or its file system does not support locks.
        case impossible(Errno)
    }

    /// Opens or creates a file, and blocks until no other process has locked it.
    ///
    /// - Parameters:
    ///   - cache: the cache that has the file. A file that another user can write to is removed.
    ///   - waiting: called before waiting.
    static func open(_ path: FilePath, in cache: CacheDirectory, waiting: () -> Void) -> Attempt {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = path.withPlatformString { Glibc.open($0, flags, mode_t(0o600)) }
        guard descriptor >= 0 else { return .impossible(Errno(rawValue: errno)) }
        let file = LockedIngest(path: path, descriptor: descriptor)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return .impossible(.fileExists)
        }
        guard cache.trusts(descriptor, of: path) else { return file.remove() ? .gone : .impossible(.permissionDenied) }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK else { return .impossible(Errno(rawValue: errno)) }
            waiting()
            while flock(descriptor, LOCK_EX) != 0 {
                guard errno == EINTR else { return .impossible(Errno(rawValue: errno)) }
            }
        }
        return file.isInPlace ? .locked(file) : .gone
    }

    /// Removes a file unless a process has locked it.
    ///
    /// - Returns: whether it was removed.
    static func removeUnlocked(_ path: FilePath) -> Bool {
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = path.withPlatformString { Glibc.open($0, flags) }
        guard descriptor >= 0 else { return false }
        let file = LockedIngest(path: path, descriptor: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, file.isInPlace else { return false }
        return file.remove()
    }

    /// Removes the file from its directory.
    ///
    /// - Returns: whether it was removed.
    @discardableResult
    borrowing func remove() -> Bool { path.withPlatformString { unlink($0) } == 0 }

    /// Whether the path still leads to the open file.
    private var isInPlace: Bool {
        var (file, place) = (stat(), stat())
        return fstat(descriptor, &file) == 0 && path.withPlatformString { lstat($0, &place) } == 0
            && file.st_dev == place.st_dev && file.st_ino == place.st_ino
    }
}
