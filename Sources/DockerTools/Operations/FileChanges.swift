package import Images

/// The paths at which two images differ, in the order of the tree.
///
/// They are kept as numbers of names in the two trees, since all paths of two large images may differ.
package struct FileChanges: Sendable, Sequence {
    /// A path with a difference, in twelve bytes.
    struct Found {
        private let numberA, numberB: UInt32
        let aspects: FileAspects

        /// The number for a path that an image does not have.
        private static let none = UInt32.max

        init(a: RootFilesystem.ID?, b: RootFilesystem.ID?, aspects: FileAspects) {
            (numberA, numberB) = (a?.number ?? Self.none, b?.number ?? Self.none)
            self.aspects = aspects
        }

        /// The names; nil if an image does not have the path.
        var a: RootFilesystem.ID? { numberA == Self.none ? nil : RootFilesystem.ID(number: numberA) }
        var b: RootFilesystem.ID? { numberB == Self.none ? nil : RootFilesystem.ID(number: numberB) }
    }

    private let left, right: RootFilesystem
    private let found: [Found]

    init(left: RootFilesystem, right: RootFilesystem, found: [Found]) {
        (self.left, self.right, self.found) = (left, right, found)
    }

    /// Whether there are no differences.
    package var isEmpty: Bool { found.isEmpty }

    /// The differences, one after the other.
    package func makeIterator() -> some IteratorProtocol<FileChange> {
        found.lazy.map(change).makeIterator()
    }

    private func change(_ found: Found) -> FileChange {
        let path = found.a.map { left.path(of: $0) } ?? found.b.map { right.path(of: $0) } ?? []
        return FileChange(
            path: path.isEmpty ? [UInt8(ascii: ".")] : path, a: found.a.flatMap { left.entry($0) },
            b: found.b.flatMap { right.entry($0) }, aspects: found.aspects)
    }
}

/// A path at which two images differ.
package struct FileChange: Sendable {
    /// The path below the root, without a leading slash; the root is `.`.
    package let path: [UInt8]
    /// The entries; nil if an image does not have the path.
    package let a, b: RootfsEntry?
    /// The different properties of a path that both images have.
    package let aspects: FileAspects
}

/// The properties of a file that can differ.
package struct FileAspects: OptionSet, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    static let type = FileAspects(rawValue: 1 << 0)
    static let mode = FileAspects(rawValue: 1 << 1)
    static let owner = FileAspects(rawValue: 1 << 2)
    static let size = FileAspects(rawValue: 1 << 3)
    static let content = FileAspects(rawValue: 1 << 4)
    static let linkTarget = FileAspects(rawValue: 1 << 5)
    static let device = FileAspects(rawValue: 1 << 6)
    static let mtime = FileAspects(rawValue: 1 << 7)
    static let xattrs = FileAspects(rawValue: 1 << 8)
    /// The other names of the file.
    static let hardLinks = FileAspects(rawValue: 1 << 9)

    /// The names of the properties, in the order in which they are shown.
    private static let names: [(FileAspects, String)] = [
        (.type, "type"), (.mode, "mode"), (.owner, "owner"), (.size, "size"), (.content, "content"),
        (.linkTarget, "link target"), (.device, "device"), (.mtime, "mtime"), (.xattrs, "xattrs"),
        (.hardLinks, "hard links"),
    ]

    /// The properties, each with its name.
    var named: [(aspect: FileAspects, name: String)] { Self.names.filter { contains($0.0) } }
}
