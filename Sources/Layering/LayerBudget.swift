import Failures

/// How many layers an image leaves for store paths.
public struct LayerBudget: Hashable, Sendable {
    /// The customisation layer, which a layered image always has.
    private static let customisationLayers = 1

    /// The most layers that the whole image may have.
    public let maxLayers: Int
    /// The layers of the base image.
    public let baseLayers: Int

    public init(maxLayers: Int, baseLayers: Int) {
        self.maxLayers = maxLayers
        self.baseLayers = baseLayers
    }

    /// The layers left for store paths.
    ///
    /// Store paths need one layer at least. An image without any needs none, so there `maxLayers` may be just enough
    /// for the base image and the customisation layer, and the answer 0.
    ///
    /// - Parameter pathCount: how many store paths the image holds.
    /// - Throws: `Failure` with code `data` if the paths, the base and the customisation layer do not fit.
    public func available(for pathCount: Int) throws -> Int {
        let available = maxLayers - Self.customisationLayers - baseLayers
        let needed = pathCount > 0 ? 1 : 0
        guard available >= needed else {
            let base = baseLayers == 1 ? "1 layer" : "\(baseLayers) layers"
            let paths = needed == 0 ? "" : ", and the store paths need at least 1"
            throw Failure(
                .data, "maxLayers is \(maxLayers), too small for this image",
                why: "the base image takes \(base) and the customisation layer \(Self.customisationLayers)\(paths)",
                advice: "set maxLayers to \(baseLayers + Self.customisationLayers + needed) or more")
        }
        return available
    }

    /// Refuses a plan for store paths that have no layer to lie in.
    static func check(_ available: Int) throws {
        guard available >= 1 else {
            throw Failure(
                .data, "cannot plan the layers",
                why: "the store paths need at least 1 layer, and \(available) are left",
                advice: "set maxLayers higher")
        }
    }
}
