import ByteIO
import Compression
import JSON
import OCI
import Store
import SystemPackage

/// What an image is made of: a spec whose every value is checked and resolved.
package struct ImageSpec: Hashable, Sendable {
    /// The spec in messages: `the spec 'hello.json'`.
    package let source: String
    /// The repository's name, in lower case; empty where it is the base's.
    package let name: String
    /// Nil: the tag is made from the image's ID.
    package let tag: String?
    /// The base image; nil: there is none.
    package let fromImage: BaseSource?
    /// The image's name in the base archive; nil: any.
    package let fromImageName: String?
    /// The image's tag in the base archive; nil: any.
    package let fromImageTag: String?
    /// Whether all of the base's configuration is taken over, and not its Env alone.
    package let inheritConfig: Bool
    /// Each path once, in the spec's order.
    package let contents: [ContentPath]
    /// The run-time configuration of the image specification v1.2, an object without nulls.
    package let config: JSONValue
    /// The image's time of creation, which is metadata only.
    package let created: Timestamp
    /// The time of the files that the image adds, in seconds since 1970.
    package let mtime: Int64
    /// The processor by Go's name, such as `amd64`; nil: the base's, without a base this machine's.
    package let architecture: String?
    /// The processor's variant, such as `v8`.
    package let variant: String?
    /// The owning user's number, of the files that the image adds: 0 to 2^32-2.
    package let uid: UInt64
    /// The owning group's number, likewise.
    package let gid: UInt64
    /// The owning user's name, likewise.
    package let uname: String
    /// The owning group's name, likewise.
    package let gname: String
    /// Bash, empty if there is nothing to run.
    package let extraCommands: String
    /// As `extraCommands`, but what only root may do is believed; empty if there is nothing to run.
    package let fakeRootCommands: String
    /// Whether `fakeRootCommands` runs with the image as `/`.
    package let enableFakechroot: Bool
    /// What root runs in a virtual machine, over the base and the layer; empty if there is nothing to run. The helper stands
    /// in the place of its name.
    package let runAsRoot: String
    /// The virtual machine's disk in MiB.
    package let diskSize: Int
    /// The virtual machine's memory in MiB.
    package let buildVMMemorySize: Int
    /// Whether links to directories in contents stay links that later contents go through, and do not become directories.
    package let keepContentsDirlinks: Bool
    /// The most layers, 2 to 125, the last included.
    package let maxLayers: Int
    /// How store paths are told off into layers.
    package let layering: LayeringChoice
    /// False: contents are links into a store that the image does not hold.
    package let includeStorePaths: Bool
    /// The graph file, absolute; nil: the Nix database is asked, or the store paths are scanned.
    package let closure: FilePath?
    /// The store's logical directory, and the absolute root that it lies below on this machine.
    package let storeLocation: StoreLocation
    /// The compression of a docker-archive, or of the layers in the OCI formats; of no meaning to `stream`.
    package let compressor: Compressor
    /// What deserves a look though it is no error, a line each.
    package let warnings: [String]
    /// The spec itself after `--set`, an object that says the same for JSON and TOML and holds nothing that is this
    /// machine's: no closure, storeRoot and compressor, no aliases, no nulls; store paths by their logical path,
    /// plain directories as they are written.
    package let buildArgs: JSONValue
}

extension ImageSpec {
    /// What becomes the archive's `buildArgs.json`.
    static func buildArgs(
        _ members: [String: JSONValue], contents: [ContentPath], config: JSONValue, storeDir: String
    ) -> JSONValue {
        var args: [String: JSONValue] = [:]
        for (name, value) in members where value != .null {
            guard let key = SpecKey.named(name), !Self.ofTheMachine.contains(key.name) else { continue }
            args[key.name] =
                switch key.name {
                case "contents": .array(contents.map { .string($0.logicalPath ?? $0.written) })
                case "config": config
                case "storeDir": .string(storeDir)
                case "created", "mtime": value.inUTC
                default: value
                }
        }
        return .object(args)
    }

    /// What differs from machine to machine while the image stays the same.
    private static let ofTheMachine: Set = ["closure", "storeRoot", "compressor"]
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

    /// A time in its one spelling; "now" is itself.
    fileprivate var inUTC: JSONValue {
        string.flatMap { Timestamp($0) }.map { .string($0.description) } ?? self
    }
}

extension ImageSpec {
    /// Checks a spec that was read.
    ///
    /// - Parameters:
    ///   - sets: the overrides of the command line, `KEY=VALUE` each, applied in turn.
    ///   - verb: what the spec is read for.
    ///   - environment: where SOURCE_DATE_EPOCH is looked up.
    ///   - now: the time that "now" means.
    /// - Throws: `ToolError` with code `data` that names every fault of the spec; `usage` for a malformed override.
    package init(
        _ file: SpecFile, sets: [String] = [], verb: SpecVerb, environment: [String: String],
        now: () -> Timestamp = Timestamp.now
    ) throws {
        let defaultTime = try Timestamp.defaultTime(environment: environment)
        let (members, warnings) = try file.checked(sets: sets, verb: verb)
        let values = SpecValues(members)
        let present = now()

        source = file.words
        name = ReferenceGrammar.lowercased(values.textIfAny("name") ?? "")
        tag = values.textIfAny("tag")
        storeLocation = StoreLocation(
            storeDir: FilePath(try values.text("storeDir")).lexicallyNormalized().string,
            root: try values.text("storeRoot").path(from: file.directory))
        fromImage = try Self.base(values, file)
        fromImageName = values.textIfAny("fromImageName")
        fromImageTag = values.textIfAny("fromImageTag")
        inheritConfig = try values.flag("inheritConfig")
        contents = try Self.contents(values, file, storeLocation)
        config = (values.given("config") ?? [:]).withoutNulls
        created = Self.time(values.textIfAny("created"), present, defaultTime)
        mtime = Self.time(values.textIfAny("mtime"), present, defaultTime).seconds
        architecture = values.textIfAny("architecture")
        variant = values.textIfAny("variant")
        uid = UInt64(clamping: try values.number("uid"))
        gid = UInt64(clamping: try values.number("gid"))
        uname = try values.text("uname")
        gname = try values.text("gname")
        extraCommands = try values.text("extraCommands")
        fakeRootCommands = values.textIfAny("fakeRootCommands") ?? ""
        enableFakechroot = try values.flag("enableFakechroot")
        runAsRoot = (values.textIfAny("runAsRoot") ?? "").replacing(ShadowSetup.name, with: ShadowSetup.text)
        diskSize = Int(clamping: try values.number("diskSize"))
        buildVMMemorySize = Int(clamping: try values.number("buildVMMemorySize"))
        keepContentsDirlinks = try values.flag("keepContentsDirlinks")
        maxLayers = Int(clamping: try values.number("maxLayers"))
        layering = try values.choice("layering", as: LayeringChoice.self)
        includeStorePaths = try values.flag("includeStorePaths")
        closure = values.textIfAny("closure").map { $0.path(from: file.directory) }
        compressor = try values.choice("compressor", as: Compressor.self)
        self.warnings = warnings
        buildArgs = Self.buildArgs(members, contents: contents, config: config, storeDir: storeLocation.storeDir)
    }

    private static func base(_ values: SpecValues, _ file: SpecFile) throws -> BaseSource? {
        guard let value = values.given("fromImage") else { return nil }
        if let path = value.string { return .path(path.path(from: file.directory)) }
        return .pull(try PullSpec(SpecValues(value["pull"]?.object ?? [:])))
    }

    private static func contents(
        _ values: SpecValues, _ file: SpecFile, _ store: StoreLocation
    ) throws -> [ContentPath] {
        var report = SpecReport()
        var seen: Set<ContentPath.Place> = []
        var contents: [ContentPath] = []
        for written in values.paths("contents") {
            guard let path = ContentPath(written, directory: file.directory, store: store) else {
                report.faults.append(
                    SpecIssue(
                        path: "contents", found: .string(written),
                        reason: "it lies in the store's directory, expected a store path there: HASH-NAME"))
                continue
            }
            if seen.insert(path.place).inserted { contents.append(path) }
        }
        try report.throwFaults(of: file.words)
        return contents
    }

    private static func time(_ text: String?, _ present: Timestamp, _ defaultTime: Timestamp) -> Timestamp {
        guard let text else { return defaultTime }
        return text == "now" ? present : Timestamp(text) ?? defaultTime
    }
}

/// Where the base of an image comes from.
package enum BaseSource: Hashable, Sendable {
    /// The absolute path of an archive, of a layout, or of the spec that it is made from.
    case path(FilePath)
    /// A registry.
    case pull(PullSpec)
}

/// How the store paths of an image are told off into layers.
package enum LayeringChoice: String, CaseIterable, Sendable {
    /// What most paths need comes first, one path a layer.
    case popularity
    /// The largest paths are told apart first.
    case size
}

/// What a spec is read for; each verb takes some of the spec's keys. `plan`, `push` and `load` read as `layered` or
/// `build` does.
package enum SpecVerb: String, CaseIterable, Sendable {
    case build, layered, stream, export, pull
}

extension SpecVerb {
    /// The keys that only `build` takes: a spec that has one of them is for it.
    private static let ofBuild = ["runAsRoot", "keepContentsDirlinks", "diskSize", "buildVMMemorySize"]

    /// How an image is made of a spec that is not given to a verb that says so.
    static func told(by file: SpecFile) -> SpecVerb {
        let keys = (file.value.object ?? [:]).filter { $0.value != .null }.keys
        return keys.contains(where: ofBuild.contains) ? .build : .layered
    }

    /// The same for the verb `export`: a spec that names a base and nothing that makes something of it is for that verb.
    ///
    /// - Parameter sets: the overrides of the command line.
    static func toldToExport(by file: SpecFile, sets: [String]) -> SpecVerb {
        let given = (file.value.object ?? [:]).filter { $0.value != .null }.keys.map { $0 }
        let keys = given + sets.map { String($0.prefix { $0 != "=" && $0 != "." }) }
        let isForExport = keys.contains("fromImage") && keys.allSatisfy(SpecKey.names(for: .export).contains)
        return isForExport ? .export : told(by: file)
    }
}

extension ImageSpec {
    /// The run-time configuration of the image: the spec's, with what it inherits from the base.
    func runtime(on base: BaseImage?) -> JSONValue {
        base?.config.inheritedRuntime(overriddenBy: config, inheritsAll: inheritConfig) ?? config
    }

    /// The environment of a script that runs with the image as `/`: the image's own variables over those that programs
    /// expect to find.
    func environmentOfRoot(on base: BaseImage?) -> [String] {
        let own = runtime(on: base)["Env"]?.strings ?? []
        let defaults = [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
            "SOURCE_DATE_EPOCH=\(mtime)",
        ]
        return defaults.filter { variable in
            !own.contains { $0.prefix { $0 != "=" } == variable.prefix { $0 != "=" } }
        } + own
    }
}
