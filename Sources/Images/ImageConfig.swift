import Archives
import Digests

/// The config of an image (Docker Image Specification v1.2, "Image JSON").
public struct ImageConfig: Sendable {
    /// One line of an image's history: how a layer came to be.
    public struct History: Sendable {
        /// RFC 3339.
        public var created: String
        public var comment: String

        public init(created: String, comment: String) {
            self.created = created
            self.comment = comment
        }

        var json: JSONValue {
            .object(["created": .string(created), "created_by": "dockertools", "comment": .string(comment)])
        }
    }

    /// RFC 3339.
    public var created: String
    /// As Go names architectures: `amd64`.
    public var architecture: String
    public var variant: String?
    /// What a container is run with.
    public var runtime: JSONValue
    /// One for each layer that is not the base's, in their order.
    public var history: [History]
    /// The config of the base image, nil if there is none.
    public var base: BaseConfig?

    public init(
        created: String, architecture: String, variant: String? = nil, runtime: JSONValue, history: [History],
        base: BaseConfig? = nil
    ) {
        self.created = created
        self.architecture = architecture
        self.variant = variant
        self.runtime = runtime
        self.history = history
        self.base = base
    }

    /// The config as JSON.
    ///
    /// - Parameter diffIDs: the digests of the plain layers, the lowest first.
    public func json(diffIDs: [Digest]) -> JSONValue {
        var members: [String: JSONValue] = [
            "created": .string(created),
            "architecture": .string(architecture),
            "os": "linux",
            "config": base?.inherited(by: runtime) ?? runtime,
            "rootfs": .object(["type": "layers", "diff_ids": .array(diffIDs.map { .string("\($0)") })]),
            "history": .array((base?.history ?? []) + history.map(\.json)),
        ]
        members["variant"] = variant.map { .string($0) }
        return .object(members)
    }
}
