import ByteIO
import Tar

extension RootFilesystem {
    /// Puts a layer over those that were applied before.
    ///
    /// What is applied: entries in the order of the tar, of two with one name the last; whiteouts and opaque directories of
    /// lower layers' files alone; hard links as further names of the same file. A directory over a directory keeps what is in
    /// it; all else replaces what was there.
    ///
    /// - Parameter layer: the plain tar.
    /// - Throws: `ToolError` with code `data` for what no image should hold, which names the layer and the entry; the tree
    ///   is of no more use then. `ToolError` with code `io` if the layer cannot be read.
    package mutating func apply(_ layer: FileRange, name: String) throws {
        let reader = TarReader(layer.source(), archive: name)
        guard layers.count < RootfsLimits.layers else {
            throw reader.failure("it is one of more layers than the limit of \(RootfsLimits.layers)")
        }
        layers.append(layer)
        while let member = try reader.next() {
            do {
                try apply(member)
            } catch {
                throw reader.failure(error.cause)
            }
        }
    }

    private mutating func apply(_ member: TarMember) throws(LayerFault) {
        let path = try LayerPath(member.path)
        switch path.meaning {
        case .bookkeeping: break
        case .whiteout: try whiteOut(path)
        case .opaque: try makeOpaque(path)
        case .root:
            guard member.kind == .directory else { throw LayerFault("it has the name of the root and is no directory") }
            try set(.root, to: member)
        case .entry where member.kind == .hardLink: try link(path, to: member.linkTarget)
        case .entry:
            let directory = try makeDirectory(path.directories)
            try set(try node(path.name, in: directory), to: member)
        }
    }

    /// Has a name stand for an entry. What is below it stays if it was a directory and is one.
    private mutating func set(_ id: ID, to member: TarMember) throws(LayerFault) {
        var entry = RootfsNode(parent: .root, name: 0, nameLength: 0, pathLength: 0)
        (entry.kind, entry.mode, entry.owner) = (member.kind, member.mode, try owner(of: member))
        (entry.seconds, entry.nanoseconds) = (member.modified.seconds, member.modified.nanoseconds)
        (entry.bodyLayer, entry.offset, entry.size) = (layer, member.bodyOffset, member.size)
        switch member.kind {
        case .symbolicLink:
            entry.offset = UInt64(try keep(try Self.linkTarget(member.linkTarget)[...]))
            entry.size = UInt64(member.linkTarget.count)
        case .characterDevice, .blockDevice:
            guard max(member.deviceMajor, member.deviceMinor) <= Self.deviceLimit else {
                throw LayerFault("it is a device with a number that Linux does not have")
            }
            entry.size = UInt64(member.deviceMajor) << 32 | UInt64(member.deviceMinor)
        default: break
        }
        try put(entry, member.xattrs.filter(\.belongsToLayers), at: id)
    }

    /// Has a name stand for the same file as another one.
    private mutating func link(_ path: LayerPath, to target: [UInt8]) throws(LayerFault) {
        guard !target.isEmpty else { throw LayerFault("it is a hard link to nothing") }
        guard target.first != UInt8(ascii: "/") else {
            throw LayerFault("it is a hard link to '\(TerminalText.printable(target))', an absolute path")
        }
        guard !LayerPath.split(target).contains(where: LayerPath.isDotDot) else {
            throw LayerFault("it is a hard link to '\(TerminalText.printable(target))', which leads upwards")
        }
        guard let source = find(target, followsLast: false) else {
            throw LayerFault("it is a hard link to '\(TerminalText.printable(target))', which is not there")
        }
        guard self[source].kind != .directory else {
            throw LayerFault("it is a hard link to '\(TerminalText.printable(target))', which is a directory")
        }
        self[source].isShared = true
        let entry = self[source]
        let attributes = xattrs[source] ?? []
        let id = try node(path.name, in: makeDirectory(path.directories))
        guard id != source else { throw LayerFault("it is a hard link to itself") }
        try put(entry, attributes, at: id)
    }

    private mutating func put(_ entry: RootfsNode, _ attributes: [TarXattr], at id: ID) throws(LayerFault) {
        if self[id].kind != .directory || entry.kind != .directory { removeChildren(of: id) }
        self[id].take(entry)
        self[id].setIn = layer
        self[id].hasXattrs = !attributes.isEmpty
        xattrs[id] = attributes.isEmpty ? nil : attributes
        for xattr in attributes { try count(xattr.name.count + xattr.value.count) }
    }

    private mutating func owner(of member: TarMember) throws(LayerFault) -> UInt32 {
        let owner = Owner(
            uid: member.uid, gid: member.gid, userName: member.userName, groupName: member.groupName)
        if let number = ownerNumbers[owner] { return number }
        try count(MemoryLayout<Owner>.size + owner.userName.count + owner.groupName.count)
        let number = UInt32(owners.count)
        owners.append(owner)
        ownerNumbers[owner] = number
        return number
    }

    /// The largest number that a device's field in a header holds; Linux has 12 bits for major and 20 for minor ones.
    private static let deviceLimit: UInt32 = 0o7_777_777

    private static func linkTarget(_ target: [UInt8]) throws(LayerFault) -> [UInt8] {
        guard !target.isEmpty else { throw LayerFault("it is a link to nothing") }
        guard target.count <= RootfsLimits.path else {
            throw LayerFault("its target has \(target.count) bytes, more than the limit of \(RootfsLimits.path)")
        }
        guard !target.contains(0) else { throw LayerFault("its target holds a NUL") }
        return target
    }
}

/// The way to an entry's name, which may lead through links of its own layer.
extension RootFilesystem {
    private enum Step {
        case directory(ID)
        /// Something that no directory is there for, where none is to be made.
        case nothing
        /// Links lead in a circle.
        case circle
    }

    /// The directory that an entry of the current layer lies in.
    ///
    /// Missing directories are made. A link of the layer itself is followed within the root; if it leads in a circle, and if
    /// it or a file is there from a lower layer, a directory takes its place: that is what Docker's overlay2 shows, where
    /// each layer is unpacked by itself.
    mutating func makeDirectory(_ components: ArraySlice<ArraySlice<UInt8>>) throws(LayerFault) -> ID {
        var directory = ID.root
        for component in components {
            var links = 0
            switch try step(component, in: directory, makes: true, &links) {
            case .directory(let next): directory = next
            case .circle, .nothing: directory = try place(component, in: directory)
            }
        }
        return directory
    }

    /// The directory that a whiteout of the current layer lies in; nil if there is none. Nothing is made.
    mutating func findDirectory(_ components: ArraySlice<ArraySlice<UInt8>>) throws(LayerFault) -> ID? {
        var directory = ID.root
        for component in components {
            var links = 0
            guard case .directory(let next) = try step(component, in: directory, makes: false, &links) else {
                return nil
            }
            directory = next
        }
        return directory
    }

    private mutating func step(
        _ name: ArraySlice<UInt8>, in directory: ID, makes: Bool, _ links: inout Int
    ) throws(LayerFault) -> Step {
        if let id = child(name, of: directory) {
            if self[id].kind == .directory {
                if makes { self[id].touchedIn = layer }
                return .directory(id)
            }
            if self[id].kind == .symbolicLink, self[id].setIn == layer {
                return try follow(id, from: directory, makes: makes, &links)
            }
        }
        return makes ? .directory(try place(name, in: directory)) : .nothing
    }

    /// Where a link leads: from its directory or the root on, and never above the root.
    private mutating func follow(
        _ link: ID, from directory: ID, makes: Bool, _ links: inout Int
    ) throws(LayerFault) -> Step {
        links += 1
        guard links <= RootfsLimits.links else { return .circle }
        let target = Array(text(self[link].targetRange))
        var place = target.first == UInt8(ascii: "/") ? ID.root : directory
        for component in LayerPath.split(target) where !LayerPath.isDot(component) {
            if LayerPath.isDotDot(component) {
                place = self[place].parent
                continue
            }
            let step = try step(component, in: place, makes: makes, &links)
            guard case .directory(let next) = step else { return step }
            place = next
        }
        return .directory(place)
    }

    /// Puts a directory in the place of whatever is there.
    private mutating func place(_ name: ArraySlice<UInt8>, in directory: ID) throws(LayerFault) -> ID {
        let id = try node(name, in: directory)
        makePlainDirectory(id)
        self[id].touchedIn = layer
        return id
    }
}

/// What a layer removes is what lower layers have: what it brings itself stays, before the whiteout and behind it.
extension RootFilesystem {
    mutating func whiteOut(_ path: LayerPath) throws(LayerFault) {
        guard let directory = try findDirectory(path.directories), let id = child(path.name, of: directory) else {
            return
        }
        hide(id)
        hideLower([id])
    }

    mutating func makeOpaque(_ path: LayerPath) throws(LayerFault) {
        guard let directory = try findDirectory(path.directories) else { return }
        hideLower([directory])
    }

    /// Removes a name, unless it is of the current layer, or a directory on the way to what is.
    private mutating func hide(_ id: ID) {
        guard self[id].setIn != layer else { return }
        if self[id].kind == .directory, self[id].touchedIn == layer {
            makePlainDirectory(id)
        } else {
            remove(id)
        }
    }

    /// Removes what lower layers have in directories: once for each, since nothing of them can come later.
    private mutating func hideLower(_ names: [ID]) {
        var directories = names
        while let directory = directories.popLast() {
            guard self[directory].kind == .directory, self[directory].opaqueIn != layer else { continue }
            self[directory].opaqueIn = layer
            var child = self[directory].firstChild
            while child != .root {
                if self[child].kind != nil {
                    hide(child)
                    directories.append(child)
                }
                child = self[child].nextSibling
            }
        }
    }
}

/// Why an entry of a layer is refused. Whoever reads the layer knows its name and the entry, and makes a `ToolError` of it.
struct LayerFault: Error {
    let cause: String

    init(_ cause: String) {
        self.cause = cause
    }
}
