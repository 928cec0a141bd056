import ByteIO
import Compression
import JSON
import OCI
import Store
import SystemPackage

extension ImageSpec {
    /// Checks every value, as the spec file's are checked, and resolves relative paths.
    ///
    /// - Parameters:
    ///   - verb: how the image is built; other verbs' keys must have their defaults.
    ///   - currentDirectory: the absolute directory that relative paths start from.
    /// - Throws: `ToolError` with code `data` that names every invalid value.
    func validated(for verb: SpecVerb, currentDirectory: FilePath) throws -> ImageSpec {
        var checker = SpecChecker(verb: verb, report: SpecReport())
        checker.check(members, overridden: [])
        try checker.report.throwIssues(of: source)
        var spec = self
        spec.name = ReferenceGrammar.lowercased(name)
        spec.architecture = architecture.map(HostArchitecture.goName)
        spec.fileMembers = fileMembers ?? members
        spec.storeLocation = StoreLocation(
            storeDir: FilePath(storeLocation.storeDir).lexicallyNormalized().string,
            root: currentDirectory.pushing(storeLocation.root))
        spec.contents = try Self.resolve(contents, from: currentDirectory, in: spec.storeLocation, source: source)
        spec.closure = closure.map { currentDirectory.pushing($0) }
        if case .path(let path) = fromImage { spec.fromImage = .path(currentDirectory.pushing(path)) }
        spec.warnings += checker.report.warnings.filter { !warnings.contains($0) }
        return spec
    }

    /// The paths of `contents`, each once.
    ///
    /// - Parameter directory: the absolute directory that relative paths start from.
    /// - Throws: `ToolError` with code `data` for a path in the store's directory that is no store path.
    static func resolve(
        _ contents: [ContentPath], from directory: FilePath, in store: StoreLocation, source: String
    ) throws -> [ContentPath] {
        var report = SpecReport()
        var seen: Set<ContentPath.Place> = []
        var resolved: [ContentPath] = []
        for content in contents {
            guard let path = content.resolved(from: directory, in: store) else {
                report.issues.append(
                    SpecIssue(
                        path: "contents", found: .string(content.written),
                        reason: "it is in the store's directory, expected a store path there: HASH-NAME"))
                continue
            }
            if seen.insert(path.place).inserted { resolved.append(path) }
        }
        try report.throwIssues(of: source)
        return resolved
    }

    /// The members of a spec file that has the same values: those that differ from the defaults.
    var members: [String: JSONValue] {
        let defaults = ImageSpec(name: "")
        var members: [String: JSONValue] = ["name": .string(name)]
        func set<Value: Equatable>(
            _ key: String, _ value: KeyPath<ImageSpec, Value>, _ json: (Value) -> JSONValue?
        ) {
            if self[keyPath: value] != defaults[keyPath: value] { members[key] = json(self[keyPath: value]) }
        }
        func text(_ optional: String?) -> JSONValue? { optional.map { .string($0) } }
        set("tag", \.tag, text)
        set("fromImage", \.fromImage) { $0?.json }
        set("fromImageName", \.fromImageName, text)
        set("fromImageTag", \.fromImageTag, text)
        set("inheritConfig", \.inheritConfig) { .bool($0) }
        set("contents", \.contents) { .array($0.map { .string($0.written) }) }
        set("config", \.config) { $0.json }
        set("created", \.created) { .string($0.description) }
        set("mtime", \.mtime) { .string(Timestamp(seconds: $0)?.description ?? "\($0)") }
        set("annotations", \.annotations) { .object($0.mapValues { .string($0) }) }
        set("architecture", \.architecture, text)
        set("variant", \.variant, text)
        set("uid", \.uid) { .int(Int64(clamping: $0)) }
        set("gid", \.gid) { .int(Int64(clamping: $0)) }
        set("uname", \.uname, text)
        set("gname", \.gname, text)
        set("extraCommands", \.extraCommands, text)
        set("fakeRootCommands", \.fakeRootCommands, text)
        set("enableFakechroot", \.enableFakechroot) { .bool($0) }
        set("runAsRoot", \.runAsRoot, text)
        set("diskSize", \.diskSize) { .int(Int64($0)) }
        set("buildVMMemorySize", \.buildVMMemorySize) { .int(Int64($0)) }
        set("keepContentsDirlinks", \.keepContentsDirlinks) { .bool($0) }
        set("maxLayers", \.maxLayers) { .int(Int64($0)) }
        set("layering", \.layering) { .string($0.rawValue) }
        set("includeStorePaths", \.includeStorePaths) { .bool($0) }
        set("closure", \.closure) { $0.map { .string($0.string) } }
        set("storeDir", \.storeLocation.storeDir, text)
        set("storeRoot", \.storeLocation.root) { .string($0.string) }
        set("compressor", \.compressor) { $0.map { .string($0.rawValue) } }
        return members
    }
}

extension BaseSource {
    /// The value of `fromImage`.
    fileprivate var json: JSONValue {
        switch self {
        case .path(let path): .string(path.string)
        case .image(let source): .string("\(source)")
        case .pull(let pull): ["pull": .object(pull.members)]
        }
    }
}
