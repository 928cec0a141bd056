import Archives
import Digests
import Images
import Store

/// An image that is made from a spec.
protocol MadeImage: Image {
    /// The spec that the image is made from.
    var spec: ImageSpec { get }
    var base: BaseImage? { get }
    /// What the history tells of the layers that are not the base's.
    var comments: [String] { get }
    /// Why a store path is in the layer that it is in; empty where there was no choice.
    func reason(_ path: StorePath) -> String
    /// Whether the archive keeps the arguments that the image was built with.
    var keepsBuildArgs: Bool { get set }
}

extension MadeImage {
    public var name: String? { spec.name }

    public func names(imageID: Digest) -> [ImageName] {
        [ImageName(name: spec.name, tag: spec.tag ?? ImageName.tag(of: imageID))]
    }

    public func config(diffIDs: [Digest]) -> [UInt8] {
        let created = spec.created.description
        let inherited = base?.config(for: spec)
        // A variant belongs to its processor.
        let variant = spec.variant ?? (spec.architecture == nil ? inherited?.variant : nil)
        let config = ImageConfig(
            created: created,
            architecture: spec.architecture ?? inherited?.architecture ?? HostArchitecture.name, variant: variant,
            runtime: spec.config, history: comments.map { ImageConfig.History(created: created, comment: $0) },
            base: inherited)
        return Array(config.json(diffIDs: diffIDs).canonical.utf8)
    }

    public var attachments: [(name: String, bytes: [UInt8])] {
        keepsBuildArgs ? [(buildArgsName, Array(spec.buildArgs.canonical.utf8))] : []
    }
}

/// The name of the archive's member that holds the arguments that the image was built with.
let buildArgsName = "buildArgs.json"
