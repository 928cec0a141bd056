import ByteIO
package import Images
import Tar

/// Finds the differences of two root file systems.
struct FileDiff {
    private var left: Side
    private var right: Side
    private var found: [FileChange] = []

    /// One of the two images.
    private struct Side {
        let tree: RootFilesystem
        let layers: [any Layer]
        /// The first path of each file that may have several.
        var firstPaths: [RootFilesystem.FileIdentity: [UInt8]] = [:]

        init(_ image: ImageRootfs) {
            tree = image.tree
            layers = image.layers
        }

        /// The first path of the file at a path.
        mutating func firstPath(_ id: RootFilesystem.ID, at path: [UInt8]) -> [UInt8] {
            guard let identity = tree.sharedIdentity(id) else { return path }
            if let first = firstPaths[identity] { return first }
            firstPaths[identity] = path
            return path
        }
    }

    private init(_ left: ImageRootfs, _ right: ImageRootfs) {
        (self.left, self.right) = (Side(left), Side(right))
    }

    /// Compares two images.
    ///
    /// - Throws: `ToolError` with code `io` for unreadable files.
    static func changes(_ left: ImageRootfs, _ right: ImageRootfs) throws -> [FileChange] {
        var diff = FileDiff(left, right)
        try diff.compare(.root, .root, at: [UInt8(ascii: ".")], below: [])
        return diff.found
    }

    /// Compares the entries at one path and everything below it.
    private mutating func compare(
        _ a: RootFilesystem.ID?, _ b: RootFilesystem.ID?, at path: [UInt8], below prefix: [UInt8]
    ) throws {
        let (entryA, entryB) = (a.flatMap { left.tree.entry($0) }, b.flatMap { right.tree.entry($0) })
        let aspects = try self.aspects(a, entryA, b, entryB, at: path)
        if entryA == nil || entryB == nil || !aspects.isEmpty {
            found.append(FileChange(path: path, a: entryA, b: entryB, aspects: aspects))
        }
        let pairs = Self.paired(a.map { left.tree.namedChildren(of: $0) }, b.map { right.tree.namedChildren(of: $0) })
        for (name, a, b) in pairs {
            let path = prefix + name
            try compare(a, b, at: path, below: path + [UInt8(ascii: "/")])
        }
    }

    private typealias Child = (name: [UInt8], id: RootFilesystem.ID)

    /// The children of two directories, matched by name, in order.
    private static func paired(
        _ left: [Child]?, _ right: [Child]?
    ) -> [(name: [UInt8], a: RootFilesystem.ID?, b: RootFilesystem.ID?)] {
        var (left, right) = ((left ?? [])[...], (right ?? [])[...])
        var pairs: [(name: [UInt8], a: RootFilesystem.ID?, b: RootFilesystem.ID?)] = []
        while true {
            switch (left.first, right.first) {
            case (nil, nil): return pairs
            case (let a?, let b?) where a.name == b.name:
                pairs.append((a.name, a.id, b.id))
                (left, right) = (left.dropFirst(), right.dropFirst())
            case (let a?, let b) where b.map { precedes(a.name, $0.name) } ?? true:
                pairs.append((a.name, a.id, nil))
                left = left.dropFirst()
            case (_, let b?):
                pairs.append((b.name, nil, b.id))
                right = right.dropFirst()
            case (.some, nil): return pairs
            }
        }
    }

    private static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.withUnsafeBytes { left in right.withUnsafeBytes { PathOrder.precedes(left, $0) } }
    }

    private mutating func aspects(
        _ a: RootFilesystem.ID?, _ entryA: RootfsEntry?, _ b: RootFilesystem.ID?, _ entryB: RootfsEntry?,
        at path: [UInt8]
    ) throws -> [FileChange.Aspect] {
        let firstA = a.map { left.firstPath($0, at: path) } ?? path
        let firstB = b.map { right.firstPath($0, at: path) } ?? path
        guard let a, let b, let entryA, let entryB else { return [] }
        guard entryA.kind == entryB.kind else { return [.type] }
        var aspects: [FileChange.Aspect] = []
        func add(_ aspect: FileChange.Aspect, if differs: Bool) { if differs { aspects.append(aspect) } }
        add(.mode, if: entryA.mode != entryB.mode)
        let owners = (entryA.attributes, entryB.attributes)
        add(.owner, if: owners.0.uid != owners.1.uid || owners.0.gid != owners.1.gid)
        add(.size, if: entryA.size != entryB.size)
        add(.content, if: try entryA.size == entryB.size && !hasSameBody(a, b))
        add(.linkTarget, if: entryA.linkTarget != entryB.linkTarget)
        let isSameDevice = entryA.deviceMajor == entryB.deviceMajor && entryA.deviceMinor == entryB.deviceMinor
        add(.device, if: !isSameDevice)
        add(.mtime, if: owners.0.modified != owners.1.modified)
        add(.xattrs, if: Set(entryA.xattrs) != Set(entryB.xattrs))
        add(.hardLinks, if: firstA != firstB)
        return aspects
    }

    private func hasSameBody(_ a: RootFilesystem.ID, _ b: RootFilesystem.ID) throws -> Bool {
        guard let (bodyA, layerA) = left.tree.placedBody(a), let (bodyB, layerB) = right.tree.placedBody(b) else {
            return true
        }
        // The same position of the same layer has the same body.
        if let diffA = left.layers[layerA].diffID, diffA == right.layers[layerB].diffID,
            bodyA.offset - left.tree.layers[layerA].offset == bodyB.offset - right.tree.layers[layerB].offset
        {
            return true
        }
        return try left.tree.hasSameContents(a, as: b, of: right.tree)
    }
}

/// A path at which two images differ.
package struct FileChange: Sendable {
    /// A property of a file that can differ.
    package enum Aspect: String, Sendable {
        case type, mode, owner, size, content, mtime, xattrs
        case linkTarget = "link target"
        case device
        /// The other names of the file.
        case hardLinks = "hard links"
    }

    /// The path below the root, without a leading slash; the root is `.`.
    package let path: [UInt8]
    /// The entries; nil if an image does not have the path.
    package let a, b: RootfsEntry?
    /// The different properties of a path that both images have.
    package let aspects: [Aspect]
}
