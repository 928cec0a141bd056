package import OCI
package import Store
package import Tar

/// A digest of all that the bytes of a layer of store paths depend on: the version of the format, the store paths in their
/// order with the hashes of their NARs, and the owner and the time of the entries.
///
/// A machine that knows the hashes, from a graph file or the Nix database, computes the key without opening a file. The
/// manifests that a push writes state the key of each such layer, and so the next push, from any machine, finds the digest
/// of the layer by its key. A NAR has no modes but whether a file is executable; the others are those of a Nix store.
///
/// Keys are in no config, or the image ID would depend on where the references of the store paths came from; and for the
/// same reason in no archive or layout.
package struct LayerKey: Hashable, Sendable {
    /// The annotation of a layer's descriptor in a manifest that has the layer's key as its value, as a digest.
    package static let annotation = "dev.dockertools.layer.key"

    /// The SHA-256 of the facts.
    package let digest: Digest

    /// The key of a layer; nil if the hash of a path is unknown.
    ///
    /// - Parameters:
    ///   - paths: the store paths in the order of the layer, with the SHA-256 of their NARs.
    ///   - owner: the owner and the time of all entries.
    package init?(_ paths: [(path: StorePath, narHash: Digest?)], owner: TarOwner) {
        guard let hash = try? SHA256() else { return nil }
        func add(_ text: String) { hash.update(Array("\(text.utf8.count):\(text)".utf8)) }
        add("store layer of format \(formatVersion)")
        add("\(owner.uid) \(owner.gid) \(owner.modified)")
        add(owner.userName)
        add(owner.groupName)
        for (path, narHash) in paths {
            guard let narHash else { return nil }
            add(path.path)
            add("\(narHash)")
        }
        digest = hash.finish()
    }

    /// The key that a descriptor states; nil if it states none.
    package init?(of descriptor: Descriptor) {
        guard let digest = descriptor.annotations[Self.annotation].flatMap({ Digest($0) }) else { return nil }
        self.digest = digest
    }
}
