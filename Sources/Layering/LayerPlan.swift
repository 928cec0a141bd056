import Errors
package import Store

/// The assignment of store paths to layers, with the reasons.
package struct LayerPlan: Equatable, Sendable {
    /// The layers from the lowest up, each with its paths in the order in which they are written. No layer is empty.
    package let layers: [[StorePath]]
    /// The reason for the layer of each path.
    package let reasons: [StorePath: Reason]

    /// The plan of an image without store paths.
    package static let empty = LayerPlan(layers: [], reasons: [:])

    /// The reason why a path is in its layer.
    package enum Reason: Equatable, Sendable {
        /// The path's rank by popularity, from 1 (paths of one cycle share a rank), and its score: the number of ways
        /// that lead to the path and to all paths that refer to it.
        case popularity(rank: Int, score: PopularityScore)
        /// The large paths that need the path, largest first. They include the path itself if it is large, and are
        /// empty if no large path needs it.
        case size(marks: [StorePath])
    }
}

extension LayerPlan.Reason: CustomStringConvertible {
    /// A short text for a table.
    package var description: String {
        switch self {
        case .popularity(let rank, let score): "rank \(rank), score \(score)"
        case .size(let marks) where marks.isEmpty: "needed by no large path"
        case .size(let marks): "needed by \(marks.map { String($0.name) }.joined(separator: ", "))"
        }
    }
}

/// The number of layers of an image that are available for store paths.
package struct LayerBudget: Hashable, Sendable {
    /// A layered image always has one customization layer.
    private static let customizationLayers = 1
    /// The most layers of an image that Docker loads. Source: `maxLayerDepth` in moby's `layer/layer_store.go`.
    package static let limit = 125

    /// The maximum number of layers of the whole image.
    package let maxLayers: Int
    /// The number of layers of the base image.
    package let baseLayers: Int

    /// Creates a budget from the settings of an image.
    package init(maxLayers: Int, baseLayers: Int) {
        self.maxLayers = maxLayers
        self.baseLayers = baseLayers
    }

    /// Computes the number of layers that are available for store paths.
    ///
    /// Store paths need at least one layer. An image without store paths needs none: `maxLayers` may then be just
    /// enough for the base image and the customization layer, and the result is 0.
    ///
    /// - Parameter pathCount: the number of store paths in the image.
    /// - Throws: `ToolError` with code `data` if the paths, the base and the customization layer do not fit.
    package func available(for pathCount: Int) throws -> Int {
        let available = maxLayers - Self.customizationLayers - baseLayers
        let needed = pathCount > 0 ? 1 : 0
        guard available >= needed else {
            let smallest = baseLayers + Self.customizationLayers + needed
            guard smallest <= Self.limit else {
                throw Self.tooManyLayers(base: baseLayers, own: Self.customizationLayers + needed)
            }
            let base = baseLayers == 1 ? "1 layer" : "\(baseLayers) layers"
            let paths = needed == 0 ? "" : ", and the store paths need at least 1"
            throw ToolError(
                .data, "maxLayers is \(maxLayers), too small for this image",
                cause: "the base image takes \(base) and the customization layer \(Self.customizationLayers)\(paths)",
                remedy: "set maxLayers to \(smallest) or more")
        }
        return available
    }

    /// Checks that an image with one layer above those of its base does not have too many.
    ///
    /// - Throws: `ToolError` with code `data`.
    package static func checkSingleLayer(onBaseLayers count: Int) throws {
        guard count < limit else { throw tooManyLayers(base: count, own: 1) }
    }

    private static func tooManyLayers(base: Int, own: Int) -> ToolError {
        ToolError(
            .data, "the image would have \(base + own) layers, more than the \(limit) that Docker loads",
            cause: "the base image takes \(base), and this image needs \(own) more",
            remedy: "use a base image with at most \(limit - own) layers, or make one of a single layer: export the "
                + "base and run `docker import` on the result")
    }

    /// Checks that there is at least one layer for store paths.
    ///
    /// - Throws: `ToolError` with code `data` if there is none.
    static func check(_ available: Int) throws {
        guard available >= 1 else {
            throw ToolError(
                .data, "cannot plan the layers",
                cause: "the store paths need at least 1 layer, and \(available) are left",
                remedy: "set maxLayers higher")
        }
    }
}

/// Assigns the store paths of a closure to the layers of an image.
package protocol Layering: Sendable {
    /// Plans the layers.
    ///
    /// - Parameter available: the maximum number of layers for store paths, at least 1 unless the closure is empty; see
    ///   `LayerBudget`.
    /// - Throws: `ToolError` with code `data` if `available` is too small, or the closure lacks data that the layering
    ///   needs.
    func plan(_ closure: Closure, available: Int) throws -> LayerPlan
}
