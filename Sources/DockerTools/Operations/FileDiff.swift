import ByteIO
import Images
import Tar

/// Finds the differences of two root file systems.
struct FileDiff {
    private var left: Side
    private var right: Side
    private var found: [FileChanges.Found] = []

    /// One of the two images.
    private struct Side {
        let tree: RootFilesystem
        let layers: [any Layer]
        /// The first name of each file that may have several.
        var firstNames: [RootFilesystem.FileIdentity: RootFilesystem.ID] = [:]

        init(_ image: ImageRootfs) {
            tree = image.tree
            layers = image.layers
        }

        /// The first name of the file with a name; nil if the file has only one.
        mutating func firstName(_ id: RootFilesystem.ID) -> RootFilesystem.ID? {
            guard let identity = tree.sharedIdentity(id) else { return nil }
            if let first = firstNames[identity] { return first }
            firstNames[identity] = id
            return id
        }
    }

    /// The contents of two directories with the same path that have not been compared yet. Only numbers are kept, since a
    /// directory may have as many entries as the image.
    private struct Directories {
        var left: ArraySlice<RootFilesystem.ID>
        var right: ArraySlice<RootFilesystem.ID>
    }

    private init(_ left: ImageRootfs, _ right: ImageRootfs) {
        (self.left, self.right) = (Side(left), Side(right))
    }

    /// Compares two images.
    ///
    /// - Throws: `ToolError` with code `io` for unreadable files.
    static func changes(_ left: ImageRootfs, _ right: ImageRootfs) throws -> FileChanges {
        var diff = FileDiff(left, right)
        try diff.compare()
        return FileChanges(left: left.tree, right: right.tree, found: diff.found)
    }

    private mutating func compare() throws {
        var pending = [try contents(.root, .root)]
        while let last = pending.indices.last {
            guard let (a, b) = next(in: &pending[last]) else {
                pending.removeLast()
                continue
            }
            pending.append(try contents(a, b))
        }
    }

    /// Compares the entries at one path.
    ///
    /// - Returns: what is below it.
    private mutating func contents(_ a: RootFilesystem.ID?, _ b: RootFilesystem.ID?) throws -> Directories {
        let aspects = try self.aspects(a, b)
        if a == nil || b == nil || !aspects.isEmpty { found.append(FileChanges.Found(a: a, b: b, aspects: aspects)) }
        return Directories(
            left: a.map { left.tree.children(of: $0)[...] } ?? [],
            right: b.map { right.tree.children(of: $0)[...] } ?? [])
    }

    /// Takes the next name from two directories, which are in the same order.
    private func next(in rest: inout Directories) -> (RootFilesystem.ID?, RootFilesystem.ID?)? {
        guard let a = rest.left.first else { return rest.right.popFirst().map { (nil, $0) } }
        guard let b = rest.right.first else { return (rest.left.removeFirst(), nil) }
        let (nameA, nameB) = (left.tree.name(of: a), right.tree.name(of: b))
        if nameA.elementsEqual(nameB) { return (rest.left.removeFirst(), rest.right.removeFirst()) }
        return Self.precedes(nameA, nameB) ? (rest.left.removeFirst(), nil) : (nil, rest.right.removeFirst())
    }

    private static func precedes(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
        left.withUnsafeBytes { left in right.withUnsafeBytes { PathOrder.precedes(left, $0) } }
    }

    private mutating func aspects(_ a: RootFilesystem.ID?, _ b: RootFilesystem.ID?) throws -> FileAspects {
        let (firstA, firstB) = (a.flatMap { left.firstName($0) }, b.flatMap { right.firstName($0) })
        guard let a, let b, let entryA = left.tree.entry(a), let entryB = right.tree.entry(b) else { return [] }
        guard entryA.kind == entryB.kind else { return .type }
        var aspects: FileAspects = []
        func add(_ aspect: FileAspects, if differs: Bool) { if differs { aspects.insert(aspect) } }
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
        if firstA != nil || firstB != nil {
            let paths = (left.tree.path(of: firstA ?? a), right.tree.path(of: firstB ?? b))
            add(.hardLinks, if: paths.0 != paths.1)
        }
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
