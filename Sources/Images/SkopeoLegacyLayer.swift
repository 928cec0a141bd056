import Archives
import Digests

/// What an archive of skopeo's has of a layer for readers older than Docker 1.10: an image that is the child of the one
/// below it.
struct SkopeoLegacyLayer {
    /// The digest of what is said of it, 64 hexadecimal digits.
    let id: String
    let diffID: Digest
    let json: [UInt8]

    /// The members of the config that the top one has.
    private static let ofConfig = [
        "architecture", "config", "container", "container_config", "created", "docker_version", "os",
    ]

    /// - Parameters:
    ///   - diffIDs: of all layers, the lowest first.
    ///   - config: the image's config.
    /// - Throws: `Failure` with code `data` if the config is no JSON object.
    static func layers(_ diffIDs: [Digest], config: [UInt8]) throws -> [SkopeoLegacyLayer] {
        var layers: [SkopeoLegacyLayer] = []
        for (number, (diffID, chainID)) in zip(diffIDs, try ChainID.all(diffIDs)).enumerated() {
            var members: [String: JSONText] = [:]
            if let parent = layers.last { members["parent"] = JSONText(.string(parent.id)) }
            if number == diffIDs.count - 1 {
                let known = try JSONText.members(of: config, source: "the config", limit: ImageLimits.json)
                for name in ofConfig { members[name] = known[name] ?? JSONText(.null) }
            }
            members["layer_id"] = JSONText(.string("\(chainID)"))
            let id = try SHA256.digest(of: JSONText(members).bytes).hex
            members["layer_id"] = nil
            members["id"] = JSONText(.string(id))
            layers.append(SkopeoLegacyLayer(id: id, diffID: diffID, json: JSONText(members).bytes))
        }
        return layers
    }
}
