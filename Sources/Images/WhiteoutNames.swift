import ByteIO
import Errors
package import Store

/// What happens to files of a layer whose names mean a removal to every reader: `.wh.NAME`.
///
/// Source: OCI Image Format Specification, "Whiteouts": no file can have such a name.
package enum WhiteoutNames: Sendable {
    /// The names are written: they were checked, or a script made them on purpose.
    case written
    /// The layer cannot be made.
    case refused
    /// The layer is made, since its digest is that of the same files elsewhere. The closure is called with a sentence.
    case reported(@Sendable (String) -> Void)

    /// Applies the rule to a tree.
    ///
    /// - Parameter place: the path of the tree's root in the image, without a slash at its end.
    /// - Throws: `ToolError` with code `data` if the names are refused.
    func check(_ tree: FileTree, at place: String) throws {
        switch self {
        case .written: return
        case .refused: try tree.refuseWhiteoutNames(at: place)
        case .reported(let report):
            let (first, count) = tree.whiteoutNames
            guard let first else { return }
            let others = count > 1 ? " (and \(count - 1) more)" : ""
            report("the image cannot have \(place)/\(first)\(others): the name tells its readers to remove a file")
        }
    }
}

extension FileTree {
    /// Checks that no file has the name of a whiteout.
    ///
    /// - Parameter place: the path of the tree's root in the image, without a slash at its end.
    /// - Throws: `ToolError` with code `data` that names the first one.
    package func refuseWhiteoutNames(at place: String = "") throws {
        guard let first = whiteoutNames.first else { return }
        throw ToolError(
            .data, "cannot put '\(place)/\(first)' into an image",
            cause: "no image can have a file whose name starts with '.wh.': it tells readers to remove a file",
            remedy: "rename the file, or leave it out of contents")
    }

    /// The path of the first file with the name of a whiteout, and the number of such files.
    fileprivate var whiteoutNames: (first: String?, count: Int) {
        var (first, count): (String?, Int) = (nil, 0)
        forEach { _, path, _ in
            let name = path.lastIndex(of: UInt8(ascii: "/")).map { path[($0 + 1)...] } ?? path[...]
            guard name.starts(with: LayerPath.whiteoutPrefix) else { return }
            first = first ?? TerminalText.printable(Array(path))
            count += 1
        }
        return (first, count)
    }
}
