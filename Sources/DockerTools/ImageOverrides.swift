import ByteIO
import Errors
import Images
import JSON
import OCI

/// Changes of the name, the tag or the config of an image that exists. Its layers stay as they are.
struct ImageOverrides: Sendable {
    private let overrides: [SpecOverride]

    /// Parses overrides.
    ///
    /// - Parameters:
    ///   - texts: `KEY=VALUE` each.
    ///   - keys: the keys that may be set: `name`, `tag` and `config`; none if the image is only read.
    ///   - source: the image.
    /// - Throws: `ToolError` with code `usage`.
    init(_ texts: [String], allowed keys: [String], for source: ImageSource) throws {
        overrides = try texts.map { text in
            let override = try SpecOverride(text)
            guard !keys.contains(override.topLevelKey) else { return override }
            let cause =
                keys.isEmpty
                ? "it is not a spec, and this verb does not change images"
                : "it is not a spec: of an image, only \(keys.joined(separator: ", ")) can be set here"
            throw ToolError(
                .usage, "cannot set \(TerminalText.quoted(override.topLevelKey)) of \(source.displayName)",
                cause: cause,
                remedy: "leave \(.overrides) out, or name a spec (\(.spec) for a spec with another name)")
        }
    }

    /// Makes the changed image.
    ///
    /// - Throws: `ToolError` with code `data` for an invalid value.
    func applied(to image: any Image) throws -> any Image {
        let config = image.config
        let names = image.names(imageID: try config.blob().descriptor.digest)
        var members: [String: JSONValue] = ["config": config.json["config"]?.object.map { .object($0) } ?? [:]]
        members["name"] = names.first?.name.map { .string($0) }
        members["tag"] = names.first?.tag.map { .string($0) }
        var report = SpecReport()
        var paths: [SpecPath] = []
        for override in overrides {
            if let path = override.apply(to: &members, verb: .layered, &report) { paths.append(path) }
        }
        var checker = SpecChecker(verb: .layered, report: report)
        // Other values are those of the image, which need not be valid in a spec.
        checker.check(members, onlyOverridden: paths)
        try checker.report.throwIssues(of: "the image with its overrides")
        let changed = Set(overrides.map(\.topLevelKey))
        let isRenamed = changed.contains("name") || changed.contains("tag")
        return RenamedImage(
            image, names: isRenamed ? [ImageName(name: members["name"]?.string, tag: members["tag"]?.string)] : names,
            config: changed.contains("config") ? config.with(runtime: (members["config"] ?? [:]).withoutNulls) : config)
    }
}
