import Archives

/// What an image takes over from the config of its base.
public struct BaseConfig: Sendable {
    private let config: JSONValue
    private let layerCount: Int
    private let inheritsAll: Bool

    /// - Parameters:
    ///   - config: the config of the base.
    ///   - layerCount: how many layers the base has.
    ///   - inheritsAll: whether all of the run-time configuration is inherited, and not `Env` alone.
    public init(_ config: JSONValue, layerCount: Int, inheritsAll: Bool) {
        self.config = config
        self.layerCount = layerCount
        self.inheritsAll = inheritsAll
    }

    /// As Go names architectures; nil if the base does not say.
    public var architecture: String? { config["architecture"]?.string }

    public var variant: String? { config["variant"]?.string }

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
