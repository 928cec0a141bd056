import Images
import Archives
import Failures
import Store
import SystemPackage

extension ImageSpec {
    /// Checks a spec that was read.
    ///
    /// - Parameters:
    ///   - sets: the overrides of the command line, `KEY=VALUE` each, applied in turn.
    ///   - verb: what the spec is read for.
    ///   - environment: where SOURCE_DATE_EPOCH is looked up.
    ///   - now: the time that "now" means.
    /// - Throws: `Failure` with code `data` that names every fault of the spec; `usage` for a malformed override.
    public init(
        _ file: SpecFile, sets: [String] = [], verb: SpecVerb, environment: [String: String],
        now: () -> Timestamp = Timestamp.now
    ) throws {
        let defaultTime = try Timestamp.defaultTime(environment: environment)
        let (members, warnings) = try file.checked(sets: sets, verb: verb)
        let values = SpecValues(members)
        let present = now()

        source = file.words
        name = ReferenceName.lowercased(values.textIfAny("name") ?? "")
        tag = values.textIfAny("tag")
        storeLocation = StoreLocation(
            storeDir: FilePath(try values.text("storeDir")).lexicallyNormalized().string,
            root: try values.text("storeRoot").path(from: file.folder))
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
        closure = values.textIfAny("closure").map { $0.path(from: file.folder) }
        compressor = try values.choice("compressor", as: Compressor.self)
        self.warnings = warnings
        buildArgs = Self.buildArgs(members, contents: contents, config: config, storeDir: storeLocation.storeDir)
    }

    private static func base(_ values: SpecValues, _ file: SpecFile) throws -> BaseSource? {
        guard let value = values.given("fromImage") else { return nil }
        if let path = value.string { return .path(path.path(from: file.folder)) }
        return .pull(try PullSpec(SpecValues(value["pull"]?.object ?? [:])))
    }

    private static func contents(
        _ values: SpecValues, _ file: SpecFile, _ store: StoreLocation
    ) throws -> [ContentPath] {
        var report = SpecReport()
        var seen: Set<ContentPath.Place> = []
        var contents: [ContentPath] = []
        for written in values.paths("contents") {
            guard let path = ContentPath(written, folder: file.folder, store: store) else {
                report.faults.append(
                    SpecFault(
                        path: "contents", found: .string(written),
                        reason: "it lies in the store's folder, expected a store path there: HASH-NAME"))
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
