import Archives
import Digests
import Images
import Store

/// How two images differ: in their configs, and in the file systems that they come to. How the files are told off into
/// layers is no difference.
public struct ImageDiff: Sendable {
    /// A key of the config whose value differs.
    public struct ConfigChange: Sendable {
        /// `config.Env`.
        public let key: String
        /// Nil where the image does not have the key.
        public let a, b: JSONValue?
    }

    /// The differences of the configs, by key.
    public let config: [ConfigChange]
    /// The differences of the files, in the order of the tree.
    public let files: [FileChange]

    public var isEqual: Bool { config.isEmpty && files.isEmpty }

    /// Compares two images, whose layers are compared with their digests too.
    ///
    /// - Throws: `Failure`: `data` for an image that is damaged, `io` for what cannot be read.
    public static func compare(
        _ a: ImageArgument, _ b: ImageArgument, surroundings: Surroundings, reporter: any Reporter
    ) async throws -> ImageDiff {
        let a = try await ImageOrigin(a, surroundings, reporter).image(surroundings, reporter)
        let b = try await ImageOrigin(b, surroundings, reporter).image(surroundings, reporter)
        let left = try FlattenedImage(a.layers, spool: surroundings.spool, needsBodies: true)
        let right = try FlattenedImage(b.layers, spool: surroundings.spool, needsBodies: true)
        let verifications = [left.beginVerifying(), right.beginVerifying()]
        let configs = try (config(of: a, left), config(of: b, right))
        let files = try FileDiff.changes(left, right)
        for verification in verifications { try verification.finish() }
        return ImageDiff(config: changes(configs.0, configs.1, key: ""), files: files)
    }

    /// The config without the digests of the layers.
    private static func config(of image: any Image, _ flattened: FlattenedImage) throws -> JSONValue {
        let diffIDs = try flattened.layers.map { try $0.archived?.diffID ?? $0.open().diffID() }
        let config = try JSONValue(
            parsing: image.config(diffIDs: diffIDs), source: "the config", limit: ImageLimits.json)
        return .object((config.object ?? [:]).filter { $0.key != "rootfs" })
    }

    /// What differs in two values: keys of objects one by one, all else as a whole.
    private static func changes(_ a: JSONValue?, _ b: JSONValue?, key: String) -> [ConfigChange] {
        if a == b { return [] }
        guard let left = a?.object, let right = b?.object else { return [ConfigChange(key: key, a: a, b: b)] }
        return Set(left.keys).union(right.keys).sorted().flatMap { name in
            changes(left[name], right[name], key: key.isEmpty ? name : "\(key).\(name)")
        }
    }
}
