import Archives
import Digests

extension DigestCache {
    /// The blob that a layer was compressed to before.
    public func blob(of diffID: Digest, _ compressor: Compressor) -> OCIBlob? {
        guard let key = try? Key(diffID, compressor) else { return nil }
        let words = fact(for: key)?.split(separator: " ") ?? []
        guard words.count == 2, let digest = Digest(words[0]), let size = UInt64(words[1]) else { return nil }
        return OCIBlob(digest: digest, size: size)
    }

    /// Keeps the blob that a layer was compressed to.
    public func keep(_ blob: OCIBlob, of diffID: Digest, _ compressor: Compressor) {
        guard let key = try? Key(diffID, compressor) else { return }
        keep(fact: "\(blob.digest) \(blob.size)", for: key)
    }

    /// A repository of a registry that had a blob; it need not have it any more.
    public func repository(of blob: Digest, in registry: String) -> String? {
        (try? Key(blob, in: registry)).flatMap { fact(for: $0) }
    }

    /// Keeps the name of a repository that has a blob. The last one counts.
    public func keep(repository: String, of blob: Digest, in registry: String) {
        guard let key = try? Key(blob, in: registry) else { return }
        keep(fact: repository, for: key)
    }
}

extension DigestCache.Key {
    /// To be raised when a compressor gives other bytes.
    private static let version = 1

    fileprivate init(_ diffID: Digest, _ compressor: Compressor) throws {
        self.init(try SHA256.digest(of: Array("compressed \(Self.version) \(diffID) \(compressor.rawValue)".utf8)))
    }

    fileprivate init(_ blob: Digest, in registry: String) throws {
        self.init(try SHA256.digest(of: Array("repository 1 \(blob) \(registry)".utf8)))
    }
}
