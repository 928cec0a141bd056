package import ByteIO
package import Compression
import Glibc
package import OCI
import Store
package import SystemPackage
import Tar

/// A cache of digests, in files below the cache directory.
///
/// The key of a layer's digest depends on the fingerprints of its trees, and so on the change times and the inodes of
/// all files: a store path that was tampered with is hashed again. Each entry has a checksum of itself and is renamed
/// into place, so several processes may write, and a damaged entry is ignored. A cache that cannot be written is not an
/// error.
package struct DigestCache: Sendable {
    /// A hash of everything that a cached digest depends on.
    package struct Key: Sendable {
        fileprivate let digest: Digest

        init(_ digest: Digest) {
            self.digest = digest
        }
    }

    private let directory: FilePath

    /// - Parameter directory: the program's cache directory; it is created when it is needed.
    package init(directory: FilePath) {
        self.directory = Self.directory(in: directory)
    }

    /// The directory of the digests in the program's cache directory. It has a directory for the first byte of each
    /// key.
    package static func directory(in cache: FilePath) -> FilePath { cache.appending("layers") }

    /// The cached digest of a key.
    package func digest(for key: Key) -> Digest? { fact(for: key).flatMap { Digest($0) } }

    /// Caches the digest of a key.
    package func keep(_ digest: Digest, for key: Key) { keep(fact: "\(digest)", for: key) }

    /// The cached line of a key.
    func fact(for key: Key) -> String? {
        guard let text = Self.read(path(for: key)) else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 3, let sum = Digest(lines[1]), let expected = Self.checksum(key, lines[0]), sum == expected
        else { return nil }
        return String(lines[0])
    }

    /// Caches a line for a key.
    func keep(fact: String, for key: Key) {
        guard let sum = Self.checksum(key, fact[...]) else { return }
        let path = path(for: key)
        guard path.removingLastComponent().makeDirectories() else { return }
        let temporary = "\(path.string).\(getpid()).\(UInt32.random(in: 0...UInt32.max))"
        guard Self.write("\(fact)\n\(sum)\n", to: temporary) else { return }
        if rename(temporary, path.string) != 0 { unlink(temporary) }
    }

    private func path(for key: Key) -> FilePath {
        let hex = key.digest.hex
        return directory.appending(String(hex.prefix(2))).appending(hex)
    }

    private static func checksum(_ key: Key, _ fact: Substring) -> Digest? {
        try? SHA256.digest(of: Array("\(key.digest) \(fact)".utf8))
    }

    /// The time by the clock that filesystems use for timestamps, in nanoseconds since 1970.
    package static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return time.nanoseconds
    }
}

extension DigestCache.Key {
    /// The age in nanoseconds from which on a change time identifies a file's contents: 2 seconds. A younger file may
    /// change again without another change time, since the clock for timestamps ticks a hundred times a second, on some
    /// filesystems once in two seconds.
    private static let settled: Int64 = 2_000_000_000

    /// The key of a layer; nil if its digest must not be cached: a tree has no fingerprint, or changed a moment ago.
    ///
    /// - Parameter time: a time before the trees were read, in nanoseconds since 1970.
    init?(directories: [FileLayer.Directory], trees: [(tree: FileTree, place: String)], owner: TarOwner, at time: Int64)
        throws
    {
        let hash = try SHA256()
        func add(_ text: String) { hash.update(Array("\(text.utf8.count):\(text)".utf8)) }
        // To be raised when `FileLayer` writes the same trees in another way.
        add("layer 2")
        add("\(owner.uid) \(owner.gid) \(owner.modified)")
        add(owner.userName)
        add(owner.groupName)
        for directory in directories { add("\(directory)") }
        for (tree, place) in trees {
            guard let fingerprint = tree.fingerprint, tree.newestChange < time - Self.settled else { return nil }
            add(place)
            add("\(fingerprint)")
        }
        digest = hash.finish()
    }
}

extension DigestCache.Key {
    /// The key of a part of a file; nil if its digest must not be cached: the file has no name, or changed a moment
    /// ago.
    ///
    /// - Parameter time: a time before the file is read, in nanoseconds since 1970.
    package init?(_ range: FileRange, at time: Int64) throws {
        guard let identity = range.file.identity, identity.changed < time - Self.settled else { return nil }
        let facts: [any BinaryInteger] = [
            identity.device, identity.inode, identity.size, identity.modified, identity.changed, range.offset,
            range.size,
        ]
        digest = try SHA256.digest(of: Array("range 1 \(facts.map { "\($0)" }.joined(separator: " "))".utf8))
    }
}

extension DigestCache.Key {
    /// The key of the docker-archive that skopeo makes of an image: its bytes depend on the image ID and the name
    /// alone.
    package init(archiveOf imageID: Digest, as name: ImageName) throws {
        digest = try SHA256.digest(of: Array("skopeo archive 1 \(imageID) \(name.full)".utf8))
    }
}

extension DigestCache {
    /// A size in bytes that no valid entry reaches: 512.
    private static let entrySize = 512

    private static func read(_ path: FilePath) -> String? {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) }
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: entrySize)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return count > 0 && count < entrySize ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }

    private static func write(_ text: String, to path: String) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return false }
        let bytes = Array(text.utf8)
        let isWritten = Glibc.write(descriptor, bytes, bytes.count) == bytes.count
        close(descriptor)
        if !isWritten { unlink(path) }
        return isWritten
    }
}

extension DigestCache {
    /// The blob that a layer was compressed to before; nil if it is not cached.
    package func blob(of diffID: Digest, _ compressor: Compressor) -> Descriptor? {
        guard let key = try? Key(diffID, compressor) else { return nil }
        let words = fact(for: key)?.split(separator: " ") ?? []
        guard words.count == 2, let digest = Digest(words[0]), let size = UInt64(words[1]) else { return nil }
        return Descriptor(mediaType: MediaType.layer(compressor), digest: digest, size: size)
    }

    /// Caches the blob that a layer was compressed to.
    package func keep(_ blob: Descriptor, of diffID: Digest, _ compressor: Compressor) {
        guard let key = try? Key(diffID, compressor) else { return }
        keep(fact: "\(blob.digest) \(blob.size)", for: key)
    }

    /// A repository of a registry that had a blob, and may have it no longer.
    package func repository(of blob: Digest, in registry: String) -> String? {
        (try? Key(blob, in: registry)).flatMap { fact(for: $0) }
    }

    /// Caches the name of a repository that has a blob. It replaces an earlier one.
    package func keep(repository: String, of blob: Digest, in registry: String) {
        guard let key = try? Key(blob, in: registry) else { return }
        keep(fact: repository, for: key)
    }
}

extension DigestCache.Key {
    /// The version of the compressors' output, to be raised when it changes.
    private static let version = 1

    fileprivate init(_ diffID: Digest, _ compressor: Compressor) throws {
        self.init(try SHA256.digest(of: Array("compressed \(Self.version) \(diffID) \(compressor.rawValue)".utf8)))
    }

    fileprivate init(_ blob: Digest, in registry: String) throws {
        self.init(try SHA256.digest(of: Array("repository 1 \(blob) \(registry)".utf8)))
    }
}
