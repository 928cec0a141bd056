import Compression
import Errors
import JSON
import OCI
import Store
import SystemPackage

extension ImageSpec {
    /// Makes the spec of a file's members, after checking them.
    ///
    /// - Parameters:
    ///   - sets: overrides of the spec's keys, `KEY=VALUE` each, applied in turn.
    ///   - verb: the verb that the spec is read for.
    ///   - environment: has SOURCE_DATE_EPOCH, the default of `created`, and of `mtime` but for store paths.
    ///   - now: the time that "now" stands for.
    /// - Throws: `ToolError` with code `data` that names every invalid value; `usage` for an invalid override.
    package static func read(
        _ file: SpecFile, sets: [String] = [], verb: SpecVerb, environment: [String: String],
        now: () -> Timestamp = Timestamp.now
    ) throws -> ImageSpec {
        let defaultTime = try Timestamp.defaultTime(environment: environment)
        let (members, warnings) = try file.checked(sets: sets, verb: verb)
        let values = SpecValues(members)
        let present = now()
        func time(_ key: String) -> Timestamp {
            guard let text = values.textIfAny(key) else { return defaultTime }
            return text == "now" ? present : Timestamp(text) ?? defaultTime
        }

        var spec = ImageSpec(name: ReferenceGrammar.lowercased(values.textIfAny("name") ?? ""))
        spec.source = file.description
        spec.fileMembers = members
        spec.warnings = warnings
        spec.created = time("created")
        spec.mtime = time("mtime").seconds
        if values.given("mtime") == nil, spec.mtime != Timestamp.standard.seconds {
            spec.storeMtime = Timestamp.standard.seconds
        }
        try spec.take(imageKeysOf: values, file)
        try spec.take(fileKeysOf: values, file)
        try spec.take(scriptKeysOf: values)
        return spec
    }

    private mutating func take(imageKeysOf values: SpecValues, _ file: SpecFile) throws {
        tag = values.textIfAny("tag")
        fromImage = try Self.base(values, file)
        fromImageName = values.textIfAny("fromImageName")
        fromImageTag = values.textIfAny("fromImageTag")
        inheritConfig = try values.flag("inheritConfig")
        config = ContainerConfig((values.given("config") ?? [:]).withoutNulls.object ?? [:])
        annotations = (values.given("annotations")?.object ?? [:]).compactMapValues(\.string)
        architecture = values.textIfAny("architecture").map(HostArchitecture.goName)
        variant = values.textIfAny("variant")
        maxLayers = Int(clamping: try values.number("maxLayers"))
        layering = try values.choice("layering", as: LayeringChoice.self)
        // Not the default of the key: without a value the output's ending decides.
        compressor = values.textIfAny("compressor").flatMap(Compressor.init(rawValue:))
    }

    private mutating func take(fileKeysOf values: SpecValues, _ file: SpecFile) throws {
        storeLocation = StoreLocation(
            storeDir: FilePath(try values.text("storeDir")).lexicallyNormalized().string,
            root: try values.text("storeRoot").path(from: file.directory))
        contents = try Self.resolve(
            values.paths("contents").map(ContentPath.init(stringLiteral:)), from: file.directory, in: storeLocation,
            source: source)
        includeStorePaths = try values.flag("includeStorePaths")
        closure = values.textIfAny("closure").map { $0.path(from: file.directory) }
        keepContentsDirlinks = try values.flag("keepContentsDirlinks")
        uid = UInt64(clamping: try values.number("uid"))
        gid = UInt64(clamping: try values.number("gid"))
        uname = try values.text("uname")
        gname = try values.text("gname")
    }

    private mutating func take(scriptKeysOf values: SpecValues) throws {
        extraCommands = try values.text("extraCommands")
        fakeRootCommands = values.textIfAny("fakeRootCommands") ?? ""
        enableFakechroot = try values.flag("enableFakechroot")
        runAsRoot = values.textIfAny("runAsRoot") ?? ""
        diskSize = Int(clamping: try values.number("diskSize"))
        buildVMMemorySize = Int(clamping: try values.number("buildVMMemorySize"))
    }

    private static func base(_ values: SpecValues, _ file: SpecFile) throws -> BaseSource? {
        guard let value = values.given("fromImage") else { return nil }
        if let text = value.string {
            do {
                return try BaseSource(parsing: text, from: file.directory)
            } catch let error as ToolError {
                throw ToolError(
                    .data, "\(file) has an error", cause: "fromImage: \(error.message): \(error.cause)",
                    remedy: error.remedy)
            }
        }
        return .pull(try PullSpec.read(SpecValues(value["pull"]?.object ?? [:])))
    }
}

extension JSONValue {
    /// The value without the nulls of its objects: there, null stands for absence.
    var withoutNulls: JSONValue {
        switch self {
        case .object(let members): .object(members.filter { $0.value != .null }.mapValues(\.withoutNulls))
        case .array(let elements): .array(elements.map(\.withoutNulls))
        default: self
        }
    }
}

extension String {
    /// The path that a relative one means, without `.` components. `..` stays, since the component before it may be a
    /// link.
    func path(from directory: FilePath) -> FilePath { FilePath(self).absolute(from: directory) }
}

extension FilePath {
    /// The absolute path, without `.` components. The names in it need not be UTF-8.
    func absolute(from directory: FilePath) -> FilePath {
        var path = directory.pushing(self)
        path.components.removeAll { $0.kind == .currentDirectory }
        return path
    }
}

/// The values of checked members by key, with defaults.
struct SpecValues {
    private let members: [String: JSONValue]

    init(_ members: [String: JSONValue]) {
        self.members = members
    }

    /// The value of a key under any of its names; nil if the spec does not have it.
    func given(_ name: String) -> JSONValue? {
        for name in SpecKey.named(name)?.names ?? [name] {
            if let value = members[name], value != .null { return value }
        }
        return nil
    }

    func text(_ name: String) throws -> String { try value(name, "a string", \.string) }

    func textIfAny(_ name: String) -> String? { given(name)?.string }

    func number(_ name: String) throws -> Int64 { try value(name, "an integer", \.wholeNumber) }

    func flag(_ name: String) throws -> Bool { try value(name, "a boolean", \.bool) }

    func choice<Choice: RawRepresentable<String>>(_ name: String, as type: Choice.Type) throws -> Choice {
        try value(name, "a choice") { $0.string.flatMap(Choice.init(rawValue:)) }
    }

    /// A list of paths; a single path counts as a list.
    func paths(_ name: String) -> [String] {
        let value = given(name)
        return value?.strings ?? value?.string.map { [$0] } ?? []
    }

    private func value<Value>(_ name: String, _ kind: String, _ read: (JSONValue) -> Value?) throws -> Value {
        guard let value = (given(name) ?? SpecKey.named(name)?.defaultValue).flatMap(read) else {
            throw ToolError(
                .data, "cannot use the spec", cause: "its key \(name) is not \(kind)", remedy: "correct the key")
        }
        return value
    }
}
