import Images
import Store

/// The comments of layers in the history of an image, which list the store paths of each layer in nixpkgs' spelling:
/// the image's digest depends on the text.
///
/// Lists that are too long for a config give the first paths, and the number of the others.
struct HistoryComments {
    /// The maximum size of all lists in bytes: 512 KiB, about 6,000 store paths. A config may have 4 MiB, so an image
    /// has room for the history of several bases of this size.
    static let limit = 512 << 10

    /// The maximum size of one list in bytes.
    private let share: Int

    /// The comments of layers.
    ///
    /// - Parameter other: the comment of a layer without store paths.
    static func of(_ layers: [any Layer], other: String) -> [String] {
        let paths = layers.map(\.storePaths)
        let comments = HistoryComments(share: share(of: paths.map(size)))
        return paths.map { $0.isEmpty ? other : comments.list($0) }
    }

    /// The largest list that all layers may have: short lists leave their room to the longer ones.
    private static func share(of sizes: [Int]) -> Int {
        var rest = limit
        for (number, size) in sizes.sorted().enumerated() {
            let share = rest / (sizes.count - number)
            guard size <= share else { return share }
            rest -= size
        }
        return limit
    }

    private static func size(_ paths: [StorePath]) -> Int { paths.reduce(0) { $0 + size($1) } }

    /// The size of a path with its quotes, a comma and a space.
    private static func size(_ path: StorePath) -> Int { path.storeDir.utf8.count + path.baseName.utf8.count + 5 }

    private func list(_ paths: [StorePath]) -> String {
        var size = 0
        let listed = paths.prefix { path in
            size += Self.size(path)
            return size <= share
        }
        let more = listed.count < paths.count ? " and \(paths.count - listed.count) more" : ""
        return "store paths: [\(listed.map { "'\($0)'" }.joined(separator: ", "))]\(more)"
    }
}
