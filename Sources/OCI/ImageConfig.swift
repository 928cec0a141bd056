import ByteIO
public import JSON

/// The config of an image: its platform, its run-time configuration, its history and the digests of its layers.
///
/// The image ID is the digest of the config's bytes, so a config that was read keeps its exact bytes, and members that
/// this program does not know. Everything else is read from `json`, which is parsed once.
///
/// Source: OCI Image Format Specification, "Image Configuration"; Docker Image Specification v1.2, "Image JSON".
public struct ImageConfig: Sendable {
    /// The whole document. Its members that are known have the specification's names, whatever their case is in `bytes`.
    public let json: JSONValue
    /// The exact bytes of the document.
    public let bytes: [UInt8]
    /// The digests of the uncompressed layers, the lowest first. Empty for an image whose layers have not been hashed
    /// yet.
    public let diffIDs: [Digest]

    /// Reads a config.
    ///
    /// - Parameters:
    ///   - json: the document.
    ///   - bytes: the bytes that the document was parsed from.
    /// - Throws: `OCIFormatError` if `rootfs.diff_ids` is not a list of digests.
    public init(json: JSONValue, bytes: [UInt8]) throws(OCIFormatError) {
        let json = try Self.folded(json)
        // An image without layers has null, or no list.
        let list = json["rootfs"]?["diff_ids"] ?? .null
        guard json["rootfs"]?.object != nil, let texts = list == .null ? [] : list.strings else {
            throw OCIFormatError("rootfs.diff_ids", "is not a list of strings")
        }
        var diffIDs: [Digest] = []
        for (index, text) in texts.enumerated() {
            guard let digest = Digest(text) else {
                throw OCIFormatError(
                    "rootfs.diff_ids[\(index)]", "is \(TerminalText.quoted(text)); expected \(Digest.form)")
            }
            diffIDs.append(digest)
        }
        self.json = json
        self.bytes = bytes
        self.diffIDs = diffIDs
    }

    private static func folded(_ json: JSONValue) throws(OCIFormatError) -> JSONValue {
        var json = try json.folded([
            "architecture", "author", "config", "created", "history", "os", "os.features", "os.version", "rootfs",
            "variant",
        ])
        json = try json.folded(["diff_ids", "type"], in: "rootfs")
        json = try json.folded(
            [
                "ArgsEscaped", "AttachStderr", "AttachStdin", "AttachStdout", "Cmd", "Domainname", "Entrypoint", "Env",
                "ExposedPorts", "Healthcheck", "Hostname", "Image", "Labels", "MacAddress", "NetworkDisabled",
                "OnBuild",
                "OpenStdin", "Shell", "StdinOnce", "StopSignal", "StopTimeout", "Tty", "User", "Volumes", "WorkingDir",
            ], in: "config")
        guard case .object(var members) = json, let lines = members["history"]?.array else { return json }
        var history: [JSONValue] = []
        for line in lines {
            history.append(try line.folded(["author", "comment", "created", "created_by", "empty_layer"]))
        }
        members["history"] = .array(history)
        return .object(members)
    }

    /// Makes a config of an image for Linux, without layers; `with(diffIDs:)` adds them.
    ///
    /// - Parameters:
    ///   - created: the time of creation, as RFC 3339 has it.
    ///   - architecture: the processor by Go's name: `amd64`.
    ///   - variant: the variant of the processor: `v7` of arm.
    ///   - runtime: the run-time configuration: `Cmd`, `Env`, `User` and so on.
    ///   - history: the history of all layers, the lowest first.
    public init(
        created: String, architecture: String, variant: String? = nil, runtime: JSONValue, history: [History]
    ) {
        var members: [String: JSONValue] = [
            "created": .string(created), "architecture": .string(architecture), "os": "linux", "config": runtime,
            "history": .array(history.map(\.json)),
        ]
        members["variant"] = variant.map { .string($0) }
        self.init(members, diffIDs: [])
    }

    private init(_ members: [String: JSONValue], diffIDs: [Digest]) {
        var members = members
        members["rootfs"] = .object(["type": "layers", "diff_ids": .array(diffIDs.map { .string("\($0)") })])
        json = .object(members)
        bytes = Array(json.canonical.utf8)
        self.diffIDs = diffIDs
    }

    /// The config with the digests of its layers. A config that has them already keeps its bytes.
    public func with(diffIDs: [Digest]) -> ImageConfig {
        diffIDs == self.diffIDs ? self : ImageConfig(json.object ?? [:], diffIDs: diffIDs)
    }

    /// The config with another run-time configuration. All other members stay as they are.
    package func with(runtime: JSONValue) -> ImageConfig {
        var members = json.object ?? [:]
        members["config"] = runtime
        return ImageConfig(members, diffIDs: diffIDs)
    }

    /// The bytes with their descriptor, whose digest is the image ID.
    ///
    /// - Throws: `ToolError` with code `data` if no reader would accept it.
    public func blob() throws -> Blob {
        try WrittenDocument.check(bytes, "the config of the image")
        return try Blob(bytes, mediaType: MediaType.config)
    }
}

extension ImageConfig {
    /// The processor by Go's name; nil if the config does not state it.
    public var architecture: String? { json["architecture"]?.string }

    /// The variant of the processor; nil if the config does not state it.
    public var variant: String? { json["variant"]?.string }

    /// The platform that the image runs on: `linux` and `unknown` stand for what the config does not state.
    public var platform: Platform {
        Platform(os: json["os"]?.string ?? "linux", architecture: architecture ?? "unknown", variant: variant)
    }

    /// All lines of the history, those of steps that made no layer among them.
    public var history: [History] { (json["history"]?.array ?? []).map(History.init(json:)) }

    /// The lines of the history that belong to layers: one for each layer, in a config that follows the specification.
    public var layerHistory: [History] { history.filter { !$0.isEmptyLayer } }

    /// One line of an image's history: how a layer was made.
    public struct History: Sendable {
        /// The whole line.
        public let json: JSONValue

        /// Reads a line; its members are optional.
        public init(json: JSONValue) {
            self.json = json
        }

        /// Creates a line for a layer.
        ///
        /// - Parameters:
        ///   - created: the time of creation, as RFC 3339 has it.
        ///   - createdBy: the program or command that made the layer.
        ///   - comment: free text.
        public init(created: String, createdBy: String, comment: String) {
            json = ["created": .string(created), "created_by": .string(createdBy), "comment": .string(comment)]
        }

        /// The program or command that made the layer; nil if the line does not state it.
        public var createdBy: String? { json["created_by"]?.string }

        /// Free text; nil if the line has none.
        public var comment: String? { json["comment"]?.string }

        /// Whether the step made no layer.
        public var isEmptyLayer: Bool { json["empty_layer"]?.bool == true }
    }
}

/// What an image inherits from the config of its base.
extension ImageConfig {
    /// The history that an image on this one continues.
    ///
    /// Readers match the lines of a history to layers by counting. So a history that does not have a line for each
    /// layer is replaced by one that does.
    ///
    /// - Parameter layerCount: the number of the base's layers.
    public func inheritedHistory(layerCount: Int) -> [History] {
        guard layerHistory.count != layerCount else { return history }
        return Array(repeating: History(json: ["comment": "base layer"]), count: layerCount)
    }

    /// The run-time configuration of an image on this one.
    ///
    /// - Parameters:
    ///   - own: the image's own configuration, which replaces the base's members; variables of `Env` are merged one by
    ///     one.
    ///   - inheritsAll: whether all members are inherited; false for `Env` alone.
    public func inheritedRuntime(overriddenBy own: JSONValue, inheritsAll: Bool) -> JSONValue {
        let base = json["config"]?.object ?? [:]
        var members = inheritsAll ? base.filter { $0.value != .null } : [:]
        members.merge(own.object ?? [:]) { $1 }
        let env = Self.environment((base["Env"]?.strings ?? []) + (own["Env"]?.strings ?? []))
        if !env.isEmpty { members["Env"] = .array(env.map { .string($0) }) }
        return .object(members)
    }

    /// Merges variables: of two values of one variable the last is used, in the place of the first.
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
