import JSON

/// A verb that reads specs; each takes some of the spec's keys.
///
/// `plan`, `push` and `load` read a spec as `layered` or `build` does.
package enum SpecVerb: String, CaseIterable, Sendable {
    case build, layered, stream, export, pull
}

extension SpecVerb {
    /// The keys that only `build` takes.
    private static let buildKeys = ["runAsRoot", "keepContentsDirlinks", "diskSize", "buildVMMemorySize"]

    /// The verb that the keys of a spec imply: `build` if the spec has a key that only `build` takes, else `layered`.
    static func implied(by file: SpecFile) -> SpecVerb {
        givenKeys(file).contains(where: buildKeys.contains) ? .build : .layered
    }

    /// The verb that the keys of a spec imply for `export`: `export` if the spec names a base and has no key that
    /// changes the base's files, else as `implied(by:)`.
    ///
    /// - Parameter sets: overrides of the spec's keys, `KEY=VALUE` each.
    static func impliedForExport(by file: SpecFile, sets: [String]) -> SpecVerb {
        let keys = givenKeys(file) + sets.map { String($0.prefix { $0 != "=" && $0 != "." }) }
        let isForExport = keys.contains("fromImage") && keys.allSatisfy(SpecKey.names(for: .export).contains)
        return isForExport ? .export : implied(by: file)
    }

    /// Whether a spec is one for `pull`: it names an image to pull.
    static func isForPull(_ file: SpecFile) -> Bool {
        givenKeys(file).contains { ["imageName", "imageDigest"].contains($0) }
    }

    private static func givenKeys(_ file: SpecFile) -> [String] {
        (file.value.object ?? [:]).filter { $0.value != .null }.keys.map { $0 }
    }
}
