package import JSON

/// The run-time configuration of containers: the member `config` of an image's config.
///
/// The accessors read and write known members; all other members of the image specification, and unknown ones, are read
/// and written by their names.
///
/// Source: Docker Image Specification v1.2, "Container RunConfig Field Descriptions".
public struct ContainerConfig: Hashable, Sendable {
    /// The members by name; a missing member has its default.
    package var members: [String: JSONValue]

    /// Creates a configuration of members by name.
    package init(_ members: [String: JSONValue]) {
        self.members = members
    }

    /// Creates an empty configuration.
    public init() {
        members = [:]
    }

    /// The configuration as a JSON object.
    package var json: JSONValue { .object(members) }

    /// The member of a name.
    package subscript(name: String) -> JSONValue? {
        get { members[name] }
        set { members[name] = newValue }
    }

    /// The command, or the arguments of the entry point, unless the container is given others.
    public var cmd: [String]? {
        get { members["Cmd"]?.strings }
        set { members["Cmd"] = newValue.map(Self.list) }
    }

    /// The command that always runs, with `cmd` as its arguments.
    public var entrypoint: [String]? {
        get { members["Entrypoint"]?.strings }
        set { members["Entrypoint"] = newValue.map(Self.list) }
    }

    /// The environment, `NAME=VALUE` each.
    public var env: [String] {
        get { members["Env"]?.strings ?? [] }
        set { members["Env"] = newValue.isEmpty ? nil : Self.list(newValue) }
    }

    /// The user and group of the process: `user`, `uid`, `user:group` or `uid:gid`.
    public var user: String? {
        get { members["User"]?.string }
        set { members["User"] = newValue.map { .string($0) } }
    }

    /// The absolute path of the directory that the process starts in.
    public var workingDir: String? {
        get { members["WorkingDir"]?.string }
        set { members["WorkingDir"] = newValue.map { .string($0) } }
    }

    /// Metadata by name.
    public var labels: [String: String] {
        get { (members["Labels"]?.object ?? [:]).compactMapValues(\.string) }
        set { members["Labels"] = newValue.isEmpty ? nil : .object(newValue.mapValues { .string($0) }) }
    }

    /// The ports that the process listens on: `80`, `80/tcp`, `53/udp`.
    public var exposedPorts: Set<String> {
        get { Set((members["ExposedPorts"]?.object ?? [:]).keys) }
        set { members["ExposedPorts"] = Self.set(newValue) }
    }

    /// The absolute paths of the directories that hold data of the container.
    public var volumes: Set<String> {
        get { Set((members["Volumes"]?.object ?? [:]).keys) }
        set { members["Volumes"] = Self.set(newValue) }
    }

    private static func list(_ strings: [String]) -> JSONValue { .array(strings.map { .string($0) }) }

    /// A set, which the image specification writes as an object of empty objects; nil if it is empty.
    private static func set(_ names: Set<String>) -> JSONValue? {
        names.isEmpty ? nil : .object(Dictionary(uniqueKeysWithValues: names.map { ($0, [:]) }))
    }
}
