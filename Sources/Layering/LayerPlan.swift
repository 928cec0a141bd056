package import BigInt
import Errors
package import Store

/// Which store paths lie in which layer, and why.
package struct LayerPlan: Equatable, Sendable {
    /// The layers from the lowest up, each with its paths in the order in which they are written. None is empty.
    package let layers: [[StorePath]]
    /// Why each path lies where it does.
    package let reasons: [StorePath: Reason]

    /// The plan of an image without store paths.
    package static let empty = LayerPlan(layers: [], reasons: [:])

    /// What decided a path's layer.
    package enum Reason: Equatable, Sendable {
        /// The path's place in the order by popularity, from 1 on (paths of one cycle share a rank), and its score:
        /// the number of ways that lead to it and to all that refer to it.
        case popularity(rank: Int, score: BigUInt)
        /// The large paths that need it, largest first; itself, if it is one of them. Empty: needed by none of them.
        case size(marks: [StorePath])
    }
}

extension LayerPlan.Reason: CustomStringConvertible {
    /// A few words for a table.
    package var description: String {
        switch self {
        case .popularity(let rank, let score): "rank \(rank), score \(score)"
        case .size(let marks) where marks.isEmpty: "needed by no large path"
        case .size(let marks): "needed by \(marks.map { String($0.name) }.joined(separator: ", "))"
        }
    }
}

/// How many layers an image leaves for store paths.
package struct LayerBudget: Hashable, Sendable {
    /// The customization layer, which a layered image always has.
    private static let customisationLayers = 1

    /// The most layers that the whole image may have.
    package let maxLayers: Int
    /// The layers of the base image.
    package let baseLayers: Int

    package init(maxLayers: Int, baseLayers: Int) {
        self.maxLayers = maxLayers
        self.baseLayers = baseLayers
    }

    /// The layers left for store paths.
    ///
    /// Store paths need one layer at least. An image without any needs none, so there `maxLayers` may be just enough
    /// for the base image and the customization layer, and the answer 0.
    ///
    /// - Parameter pathCount: how many store paths the image holds.
    /// - Throws: `ToolError` with code `data` if the paths, the base and the customization layer do not fit.
    package func available(for pathCount: Int) throws -> Int {
        let available = maxLayers - Self.customisationLayers - baseLayers
        let needed = pathCount > 0 ? 1 : 0
        guard available >= needed else {
            let base = baseLayers == 1 ? "1 layer" : "\(baseLayers) layers"
            let paths = needed == 0 ? "" : ", and the store paths need at least 1"
            throw ToolError(
                .data, "maxLayers is \(maxLayers), too small for this image",
                cause: "the base image takes \(base) and the customization layer \(Self.customisationLayers)\(paths)",
                remedy: "set maxLayers to \(baseLayers + Self.customisationLayers + needed) or more")
        }
        return available
    }

    /// Refuses a plan for store paths that have no layer to lie in.
    static func check(_ available: Int) throws {
        guard available >= 1 else {
            throw ToolError(
                .data, "cannot plan the layers",
                cause: "the store paths need at least 1 layer, and \(available) are left",
                remedy: "set maxLayers higher")
        }
    }
}

/// A way to spread a closure's store paths over the layers of an image.
package protocol Layering: Sendable {
    /// - Parameter available: the most layers that the store paths may take, at least 1 unless there are no paths;
    ///   see `LayerBudget`.
    /// - Throws: `ToolError` with code `data` if `available` is too small, or the closure lacks what the layering needs.
    func plan(_ closure: Closure, available: Int) throws -> LayerPlan
}
