public import Images
import JSON
import Layering
package import OCI
import Store

/// An image that was built from a spec. Most of its files are read when it is written.
public struct BuiltImage: Image {
    let spec: ImageSpec
    /// The image that it is built on; nil if it starts from nothing.
    let base: BaseImage?
    /// The layers, the lowest first, those of the base included.
    package let layers: [any Layer]
    /// The comments of the history, one for each layer above those of the base.
    let comments: [String]
    /// The plan of the store layers; empty where there was no choice.
    let plan: LayerPlan
    /// Holds files that a script created; the directory is removed with the image.
    let work: WorkDirectory?
    /// Whether the archive holds the arguments that the image was built with.
    var keepsBuildArgs = true

    /// The name of the archive's member that holds the arguments that the image was built with.
    static let buildArgsName = "buildArgs.json"

    package var name: String? { spec.name }

    package func names(imageID: Digest) -> [ImageName] {
        [ImageName(name: spec.name, tag: spec.tag ?? ImageName.tag(of: imageID))]
    }

    package var config: ImageConfig {
        let created = spec.created.description
        let inherited = base?.config
        let added = comments.map { ImageConfig.History(created: created, createdBy: "dockertools", comment: $0) }
        // A variant belongs to its architecture.
        let variant = spec.variant ?? (spec.architecture == nil ? inherited?.variant : nil)
        return ImageConfig(
            created: created,
            architecture: spec.architecture ?? inherited?.architecture ?? HostArchitecture.name, variant: variant,
            runtime: spec.runtime(on: base),
            history: (base.map { $0.config.inheritedHistory(layerCount: $0.layers.count) } ?? []) + added)
    }

    package var annotations: [String: String] { spec.annotations }

    package var extraMembers: [(name: String, bytes: [UInt8])] {
        keepsBuildArgs ? [(Self.buildArgsName, Array(spec.buildArgs.canonical.utf8))] : []
    }

    /// The image, if its documents can be read again. They are checked when they are written too, but then the layers
    /// may be in a pipe already.
    ///
    /// - Throws: `ToolError` with code `data`.
    func checked() throws -> BuiltImage {
        _ = try config.blob()
        for (name, bytes) in extraMembers { try WrittenDocument.check(bytes, name) }
        return self
    }

    /// The reason why a store path is in its layer; empty where there was no choice.
    func reason(_ path: StorePath) -> String { plan.reasons[path].map { "\($0)" } ?? "" }
}

extension ImageSpec {
    /// The run-time configuration of the image: the spec's, with the members that it inherits from the base.
    func runtime(on base: BaseImage?) -> JSONValue {
        base?.config.inheritedRuntime(overriddenBy: config.json, inheritsAll: inheritConfig) ?? config.json
    }
}
