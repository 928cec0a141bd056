/// What a spec is read for; each verb takes some of the spec's keys. `plan`, `push` and `load` read as `layered` or
/// `build` does.
public enum SpecVerb: String, CaseIterable, Sendable {
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
