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

    private let cache: CacheDirectory
    private let clock: @Sendable () -> Int64

    /// - Parameters:
    ///   - cache: the program's cache directory.
    ///   - clock: the time by the clock that filesystems use for timestamps, in nanoseconds since 1970.
    package init(in cache: CacheDirectory, clock: @escaping @Sendable () -> Int64 = { DigestCache.now }) {
        self.cache = cache
        self.clock = clock
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
        guard let text = read(path(for: key)) else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 3, let sum = Digest(lines[1]), let expected = Self.checksum(key, lines[0]), sum == expected
        else { return nil }
        return String(lines[0])
    }

    /// Caches a line for a key.
    func keep(fact: String, for key: Key) {
        guard let sum = Self.checksum(key, fact[...]) else { return }
        let path = path(for: key)
        let directory = path.removingLastComponent()
        guard cache.trusts(directory: directory), directory.makeDirectories() else { return }
        let temporary = "\(path.string).\(getpid()).\(UInt32.random(in: 0...UInt32.max))"
        guard Self.write("\(fact)\n\(sum)\n", to: temporary) else { return }
        if rename(temporary, path.string) != 0 { unlink(temporary) }
    }

    private func path(for key: Key) -> FilePath {
        let hex = key.digest.hex
        return Self.directory(in: cache.path).appending(String(hex.prefix(2))).appending(hex)
    }

    private static func checksum(_ key: Key, _ fact: Substring) -> Digest? {
        try? SHA256.digest(of: Array("\(key.digest) \(fact)".utf8))
    }

    /// The time before which a file must have changed for its digest to be cached, in nanoseconds: a minute.
    ///
    /// A younger file may change again without another change time: within the tick of the clock for timestamps, up to
    /// two seconds; or through a page that a program has mapped for writing, until the kernel writes it back, after 30
    /// to 35 seconds (`dirty_expire_centisecs`, "Documentation for /proc/sys/vm/").
    static let settled: Int64 = 60_000_000_000

    /// The current time by the cache's clock, in nanoseconds since 1970.
    package var time: Int64 { clock() }

    /// The time by the clock that filesystems use for timestamps, in nanoseconds since 1970.
    package static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return time.nanoseconds
    }
}

extension FileTree {
    /// Whether any further change of a file gives it another change time.
    ///
    /// - Parameter time: a time before the tree was read, in nanoseconds since 1970.
    func isSettled(at time: Int64) -> Bool { hasReliableTimes && newestChange < time - DigestCache.settled }
}

extension DigestCache.Key {
    /// The key of a layer; nil if its digest must not be cached: a tree has no fingerprint, or its files may change
    /// without another fingerprint.
    ///
    /// - Parameter time: a time before the trees were read, in nanoseconds since 1970.
    init?(_ layer: FileLayer, trees: [(tree: FileTree, place: String)], at time: Int64) throws {
        let hash = try SHA256()
        func add(_ text: String) { hash.update(Array("\(text.utf8.count):\(text)".utf8)) }
        add("layer of format \(formatVersion)")
        for owner in [layer.owner, layer.storeOwner ?? layer.owner] {
            add("\(owner.uid) \(owner.gid) \(owner.modified)")
            add(owner.userName)
            add(owner.groupName)
        }
        for directory in layer.directories { add("\(directory)") }
        for (part, (tree, place)) in zip(layer.parts, trees) {
            guard let fingerprint = tree.fingerprint, tree.isSettled(at: time) else { return nil }
            add(place)
            add(part.isStorePath ? "store path" : "files")
            add("\(fingerprint)")
        }
        digest = hash.finish()
    }
}

extension DigestCache.Key {
    /// The key of a part of a file; nil if its digest must not be cached: the file has no name, or may change without
    /// another change time.
    ///
    /// - Parameter time: a time before the file is read, in nanoseconds since 1970.
    package init?(_ range: FileRange, at time: Int64) throws {
        guard let identity = range.file.identity, identity.changed < time - DigestCache.settled,
            ChangeTimes.identify(inode: identity.inode, changed: identity.changed, device: identity.device),
            ChangeTimes.areReliable(on: range.file.descriptor, device: identity.device)
        else { return nil }
        let facts: [any BinaryInteger] = [
            identity.device, identity.inode, identity.size, identity.modified, identity.changed, range.offset,
            range.size,
        ]
        digest = try SHA256.digest(of: Array("range 2 \(facts.map { "\($0)" }.joined(separator: " "))".utf8))
    }
}

extension DigestCache.Key {
    /// The key of the docker-archive that skopeo makes of an image: its bytes depend on the image ID and the name
    /// alone.
    package init(archiveOf imageID: Digest, as name: ImageName) throws {
        digest = try SHA256.digest(of: Array("skopeo archive of format \(formatVersion) \(imageID) \(name.full)".utf8))
    }
}

extension DigestCache {
    /// A size in bytes that no valid entry reaches: 512.
    private static let entrySize = 512

    private func read(_ path: FilePath) -> String? {
        guard cache.trusts(directory: path.removingLastComponent()) else { return nil }
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) }
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard cache.trusts(descriptor, of: path) else { return nil }
        var bytes = [UInt8](repeating: 0, count: Self.entrySize)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return count > 0 && count < Self.entrySize ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
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

    /// Whether blobs may have been uploaded to a repository, so that it can have some even if it has no tags.
    package func hasUploads(to repository: String, in registry: String) -> Bool {
        (try? Key(uploadsTo: repository, in: registry)).flatMap { fact(for: $0) } != nil
    }

    /// Remembers that blobs are uploaded to a repository.
    package func keepUploads(to repository: String, in registry: String) {
        guard let key = try? Key(uploadsTo: repository, in: registry) else { return }
        keep(fact: "uploaded", for: key)
    }
}

extension DigestCache.Key {
    fileprivate init(_ diffID: Digest, _ compressor: Compressor) throws {
        let facts = "compressed by format \(formatVersion) \(diffID) \(compressor.rawValue)"
        self.init(try SHA256.digest(of: Array(facts.utf8)))
    }

    fileprivate init(_ blob: Digest, in registry: String) throws {
        self.init(try SHA256.digest(of: Array("repository 1 \(blob) \(registry)".utf8)))
    }

    fileprivate init(uploadsTo repository: String, in registry: String) throws {
        self.init(try SHA256.digest(of: Array("uploads 1 \(registry) \(repository)".utf8)))
    }
}
