import BigInt
import Store

/// Which store paths lie in which layer, and why.
public struct LayerPlan: Equatable, Sendable {
    /// The layers from the lowest up, each with its paths in the order in which they are written. None is empty.
    public let layers: [[StorePath]]
    /// Why each path lies where it does.
    public let reasons: [StorePath: Reason]

    /// The plan of an image without store paths.
    public static let empty = LayerPlan(layers: [], reasons: [:])

    /// What decided a path's layer.
    public enum Reason: Equatable, Sendable {
        /// The path's place in the order by popularity, from 1 on (paths of one cycle share a rank), and its score:
        /// the number of ways that lead to it and to all that refer to it.
        case popularity(rank: Int, score: BigUInt)
        /// The large paths that need it, largest first; itself, if it is one of them. Empty: needed by none of them.
        case size(marks: [StorePath])
    }
}

extension LayerPlan.Reason: CustomStringConvertible {
    /// A few words for a table.
    public var description: String {
        switch self {
        case .popularity(let rank, let score): "rank \(rank), score \(score)"
        case .size(let marks) where marks.isEmpty: "needed by no large path"
        case .size(let marks): "needed by \(marks.map { String($0.name) }.joined(separator: ", "))"
        }
    }
}
