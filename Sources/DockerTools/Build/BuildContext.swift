import Images
import JSON
import SystemPackage

/// Holds what every step of one build works with: the spec, the base image, the closure search and the context of the
/// process.
struct BuildContext: Sendable {
    let spec: ImageSpec
    /// The base image; nil if the image starts from nothing.
    let base: BaseImage?
    /// Finds store paths for all steps of the build.
    let closures: ClosureSearch
    let context: Context
    /// The merged layers of the base, once `readRootfs` has read them.
    private(set) var mergedBase: ImageRootfs?

    init(_ spec: ImageSpec, base: BaseImage?, context: Context) {
        self.spec = spec
        self.base = base
        self.context = context
        closures = ClosureSearch(spec, reporter: context.reporter)
    }

    /// The root file system of the base image; nil without a base, and before `readRootfs`.
    var rootfs: RootFilesystem? { mergedBase?.tree }

    /// The layers of the base image, the lowest first. `readRootfs` opens them, and that is not repeated.
    var baseLayers: [any Layer] { mergedBase?.layers ?? base?.layers ?? [] }

    /// Reads the layers of the base image into its root file system.
    ///
    /// - Parameter needsBodies: whether the contents of the files are needed too.
    /// - Throws: `ToolError` with code `data` for a layer that is invalid, `io` for one that cannot be read.
    mutating func readRootfs(needsBodies: Bool) throws {
        guard let base else { return }
        mergedBase = try ImageRootfs.merge(
            base.layers, spool: context.spool, needsBodies: needsBodies, sizeLimit: context.maxLayerSize)
    }

    /// The environment of a script that runs with the image as `/`: the image's own variables, and defaults for those
    /// that programs expect.
    var environmentOfRoot: [String] {
        let own = spec.runtime(on: base)["Env"]?.strings ?? []
        let defaults = [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
            "SOURCE_DATE_EPOCH=\(spec.mtime)",
        ]
        return defaults.filter { variable in
            !own.contains { $0.prefix { $0 != "=" } == variable.prefix { $0 != "=" } }
        } + own
    }
}

extension ImageSpec {
    /// Builds the image of the spec.
    ///
    /// - Parameters:
    ///   - verb: `build` for an image with one layer above the base's; any other for a layered image.
    ///   - dependents: the paths of the specs that use this one as their base, links resolved.
    /// - Throws: `ToolError`: `data` for an invalid spec, a missing path, an invalid graph or too few layers, `script`
    ///   for a script that failed, `unavailable` for a missing program, `io` for a file that cannot be read.
    func build(as verb: SpecVerb, in context: Context, dependents: [FilePath] = []) async throws -> BuiltImage {
        let spec = try validated(for: verb, currentDirectory: context.currentDirectory)
        for warning in spec.warnings where !warnings.contains(warning) { context.reporter.warn(warning) }
        let base = try await BaseImage.open(for: spec, in: context, dependents: dependents)
        let build = BuildContext(spec, base: base, context: context)
        return switch verb {
        case .build: try await SingleLayerBuilder.build(build)
        default: try await LayeredBuilder.build(build)
        }
    }
}
