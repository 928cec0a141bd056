import JSON
import OCI

/// The config of an image (Docker Image Specification v1.2, "Image JSON").
package struct ImageConfig: Sendable {
    /// One line of an image's history: how a layer came to be.
    package struct History: Sendable {
        /// RFC 3339.
        package var created: String
        package var comment: String

        package init(created: String, comment: String) {
            self.created = created
            self.comment = comment
        }

        var json: JSONValue {
            .object(["created": .string(created), "created_by": "dockertools", "comment": .string(comment)])
        }
    }

    /// RFC 3339.
    package var created: String
    /// As Go names architectures: `amd64`.
    package var architecture: String
    package var variant: String?
    /// What a container is run with.
    package var runtime: JSONValue
    /// One for each layer that is not the base's, in their order.
    package var history: [History]
    /// The config of the base image, nil if there is none.
    package var base: BaseConfig?

    package init(
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
    package func json(diffIDs: [Digest]) -> JSONValue {
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

/// What an image takes over from the config of its base.
package struct BaseConfig: Sendable {
    private let config: JSONValue
    private let layerCount: Int
    private let inheritsAll: Bool

    /// - Parameters:
    ///   - config: the config of the base.
    ///   - layerCount: how many layers the base has.
    ///   - inheritsAll: whether all of the run-time configuration is inherited, and not `Env` alone.
    package init(_ config: JSONValue, layerCount: Int, inheritsAll: Bool) {
        self.config = config
        self.layerCount = layerCount
        self.inheritsAll = inheritsAll
    }

    /// As Go names architectures; nil if the base does not say.
    package var architecture: String? { config["architecture"]?.string }

    package var variant: String? { config["variant"]?.string }

    /// The history as it is. A base that does not tell of each of its layers gets a line for each instead, since readers
    /// count the lines.
    var history: [JSONValue] {
        let lines = config["history"]?.array ?? []
        guard lines.filter({ $0["empty_layer"]?.bool != true }).count != layerCount else { return lines }
        return Array(repeating: ["comment": "base layer"], count: layerCount)
    }

    /// The run-time configuration of an image on this base: `own` goes before the base's; of `Env` each variable for itself.
    func inherited(by own: JSONValue) -> JSONValue {
        let base = config["config"]?.object ?? [:]
        var members = inheritsAll ? base.filter { $0.value != .null } : [:]
        members.merge(own.object ?? [:]) { $1 }
        let env = Self.environment((base["Env"]?.strings ?? []) + (own["Env"]?.strings ?? []))
        if !env.isEmpty { members["Env"] = .array(env.map { .string($0) }) }
        return .object(members)
    }

    /// Of two values of a variable the last counts, in the place of the first.
    private static func environment(_ entries: [String]) -> [String] {
        var places: [Substring: Int] = [:]
        var result: [String] = []
        for entry in entries {
            let name = entry.prefix { $0 != "=" }
            if let place = places[name] {
                result[place] = entry
            } else {
                places[name] = result.count
                result.append(entry)
            }
        }
        return result
    }
}
