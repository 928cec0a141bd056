package import ByteIO
import Compression
import Errors
import Tar

extension RootFilesystem {
    /// Applies a layer on top of those that were applied before.
    ///
    /// Entries are applied in the order of the tar, so of two with one name the last one stays. Whiteouts and opaque
    /// directories remove files of lower layers only. Hard links are further names of the same file. A directory on a
    /// directory keeps its contents; everything else replaces what was there.
    ///
    /// - Parameters:
    ///   - layer: the uncompressed tar.
    ///   - name: the layer's name in errors.
    ///   - sizeLimit: the maximum size in bytes of the layer with its sparse files as whole files.
    /// - Throws: `ToolError` with code `data` for an entry that is not valid, which names the layer and the entry; the
    ///   tree must not be used afterwards. `ToolError` with code `io` if the layer cannot be read.
    package mutating func apply(
        _ layer: FileRange, name: String, sizeLimit: UInt64 = DecompressionLimits.layer.output
    ) throws {
        let reader = TarReader(layer.source(), archive: name)
        guard layers.count < RootfsLimits.layers else {
            throw reader.failure("the image has more than the limit of \(RootfsLimits.layers) layers")
        }
        guard layer.size <= RootfsNode.offsetLimit else {
            throw reader.failure("the layer is larger than the limit of \(RootfsNode.offsetLimit) bytes")
        }
        layers.append(layer)
        var size = layer.size
        while let member = try reader.next() {
            // A map of some bytes can describe a file of any size.
            if let map = member.sparse { size = size.addingClamped(map.size - map.storedSize) }
            guard size <= max(sizeLimit, layer.size) else {
                throw reader.failure(
                    "the sparse files of the layer make it larger than the limit of \(sizeLimit) bytes",
                    remedy: "set \(.maxLayerSize) to a larger size if you trust the origin of the image")
            }
            do {
                try apply(member)
            } catch {
                throw reader.failure(error.cause)
            }
        }
    }

    private mutating func apply(_ member: TarMember) throws(LayerError) {
        let path = try LayerPath(member.path)
        switch path.meaning {
        case .bookkeeping: break
        case .whiteout: try whiteOut(path)
        case .opaque: try makeOpaque(path)
        case .root:
            guard member.kind == .directory else {
                throw LayerError("it has the path of the root but is not a directory")
            }
            try set(.root, to: member)
        case .entry where member.kind == .hardLink: try link(path, to: member.linkTarget)
        case .entry:
            let directory = try makeDirectory(path.directories)
            try set(try node(path.name, in: directory), to: member)
        }
    }

    /// Sets the node of a name to an entry. The contents stay if it was a directory and the entry is one.
    private mutating func set(_ id: ID, to member: TarMember) throws(LayerError) {
        var (size, offset) = (member.size, member.bodyOffset)
        switch member.kind {
        case .symbolicLink:
            offset = UInt64(try keep(try Self.linkTarget(member.linkTarget)[...]))
            size = UInt64(member.linkTarget.count)
        case .characterDevice, .blockDevice:
            guard max(member.deviceMajor, member.deviceMinor) <= Self.deviceLimit else {
                throw LayerError("it is a device with a number that is too large for Linux")
            }
            size = UInt64(member.deviceMajor) << 32 | UInt64(member.deviceMinor)
        default: break
        }
        let entry = RootfsNode(
            kind: member.kind, mode: member.mode, attributes: try attributes(of: member), size: size, offset: offset,
            bodyLayer: layer)
        if let map = member.sparse {
            try count(map.segments.count * MemoryLayout<SparseMap.Segment>.stride)
            sparseMaps[BodyPlace(layer: layer, offset: member.bodyOffset)] = map
        }
        try put(entry, member.xattrs.filter(\.belongsToLayers), at: id)
    }

    /// Makes a name a further name of an existing file. The target is a path from the root; kaniko writes it with a slash
    /// at its start.
    private mutating func link(_ path: LayerPath, to target: [UInt8]) throws(LayerError) {
        guard !target.isEmpty else { throw LayerError("it is a hard link with an empty target") }
        guard !LayerPath.split(target).contains(where: LayerPath.isDotDot) else {
            throw LayerError("it is a hard link to '\(TerminalText.printable(target))', which contains '..'")
        }
        guard let source = find(target, followsLast: false) else {
            throw LayerError("it is a hard link to '\(TerminalText.printable(target))', which does not exist")
        }
        guard self[source].kind != .directory else {
            throw LayerError("it is a hard link to '\(TerminalText.printable(target))', which is a directory")
        }
        self[source].isShared = true
        let entry = self[source]
        let attributes = xattrs[source] ?? []
        let id = try node(path.name, in: makeDirectory(path.directories))
        guard id != source else { throw LayerError("it is a hard link to itself") }
        try put(entry, attributes, at: id)
    }

    private mutating func put(_ entry: RootfsNode, _ attributes: [TarXattr], at id: ID) throws(LayerError) {
        if self[id].kind != .directory || entry.kind != .directory { removeChildren(of: id) }
        self[id].take(entry)
        self[id].setIn = layer
        self[id].hasXattrs = !attributes.isEmpty
        xattrs[id] = attributes.isEmpty ? nil : attributes
        for xattr in attributes { try count(xattr.name.count + xattr.value.count) }
    }

    /// The number of the owner and the time of an entry.
    private mutating func attributes(of member: TarMember) throws(LayerError) -> UInt32 {
        let attributes = AttributeTable.Attributes(
            owner: try owner(of: member), nanoseconds: member.modified.nanoseconds, seconds: member.modified.seconds)
        if let number = self.attributes.number(of: attributes) { return number }
        try count(MemoryLayout<AttributeTable.Attributes>.stride)
        return self.attributes.add(attributes)
    }

    private mutating func owner(of member: TarMember) throws(LayerError) -> UInt32 {
        let owner = Owner(
            uid: member.uid, gid: member.gid, userName: member.userName, groupName: member.groupName)
        if let number = ownerNumbers[owner] { return number }
        try count(MemoryLayout<Owner>.size + owner.userName.count + owner.groupName.count)
        let number = UInt32(owners.count)
        owners.append(owner)
        ownerNumbers[owner] = number
        return number
    }

    /// The largest device number that a tar header can contain. Linux has 12 bits for major and 20 for minor numbers.
    private static let deviceLimit: UInt32 = 0o7_777_777

    private static func linkTarget(_ target: [UInt8]) throws(LayerError) -> [UInt8] {
        guard !target.isEmpty else { throw LayerError("it is a link with an empty target") }
        guard target.count <= RootfsLimits.path else {
            throw LayerError("its target has \(target.count) bytes, more than the limit of \(RootfsLimits.path)")
        }
        guard !target.contains(0) else { throw LayerError("its target contains a NUL character") }
        return target
    }
}

/// Finding the parent directory of an entry, through symbolic links of the entry's own layer.
extension RootFilesystem {
    private enum Step {
        case directory(ID)
        /// There is no such directory, and none may be created.
        case nothing
        /// The links form a loop.
        case loop
    }

    /// The directory of an entry of the current layer.
    ///
    /// Missing directories are created. A link of the layer itself is followed within the root. A link that is part of
    /// a loop, and a link or file of a lower layer, is replaced by a directory: that is the result of Docker's
    /// overlay2, which unpacks each layer separately.
    mutating func makeDirectory(_ components: ArraySlice<ArraySlice<UInt8>>) throws(LayerError) -> ID {
        var directory = ID.root
        for component in components {
            var links = 0
            switch try step(component, in: directory, makes: true, &links) {
            case .directory(let next): directory = next
            case .loop, .nothing: directory = try place(component, in: directory)
            }
        }
        return directory
    }

    /// The directory of a whiteout of the current layer; nil if there is none. Nothing is created.
    mutating func findDirectory(_ components: ArraySlice<ArraySlice<UInt8>>) throws(LayerError) -> ID? {
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
    ) throws(LayerError) -> Step {
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

    /// Follows a link, from its directory or from the root, and never above the root.
    private mutating func follow(
        _ link: ID, from directory: ID, makes: Bool, _ links: inout Int
    ) throws(LayerError) -> Step {
        links += 1
        guard links <= RootfsLimits.links else { return .loop }
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

    /// Replaces whatever has the name by a directory.
    private mutating func place(_ name: ArraySlice<UInt8>, in directory: ID) throws(LayerError) -> ID {
        let id = try node(name, in: directory)
        makeImplicitDirectory(id)
        self[id].touchedIn = layer
        return id
    }
}

/// Whiteouts. They remove files of lower layers only: the layer's own entries stay, whether before or after the
/// whiteout.
extension RootFilesystem {
    /// Applies a whiteout.
    mutating func whiteOut(_ path: LayerPath) throws(LayerError) {
        guard let directory = try findDirectory(path.directories), let id = child(path.name, of: directory) else {
            return
        }
        hide(id)
        hideLower([id])
    }

    /// Applies an opaque directory.
    mutating func makeOpaque(_ path: LayerPath) throws(LayerError) {
        guard let directory = try findDirectory(path.directories) else { return }
        hideLower([directory])
    }

    /// Removes a name, unless the current layer has an entry for it or below it.
    private mutating func hide(_ id: ID) {
        guard self[id].setIn != layer else { return }
        if self[id].kind == .directory, self[id].touchedIn == layer {
            makeImplicitDirectory(id)
        } else {
            remove(id)
        }
    }

    /// Removes the files of lower layers from directories. Each directory is visited once: no later entry is of a lower
    /// layer.
    private mutating func hideLower(_ names: [ID]) {
        var directories = names
        while let directory = directories.popLast() {
            guard self[directory].kind == .directory, self[directory].opaqueIn != layer else { continue }
            self[directory].opaqueIn = layer
            var child = self[directory].firstChild
            self[directory].firstChild = .root
            while child != .root {
                let next = self[child].nextSibling
                if self[child].kind != nil { hide(child) }
                // Removed names leave the list, so that no later layer visits them again.
                self[child].isLinked = self[child].kind != nil
                if self[child].isLinked {
                    self[child].nextSibling = self[directory].firstChild
                    self[directory].firstChild = child
                    directories.append(child)
                }
                child = next
            }
        }
    }
}

extension UInt64 {
    /// The sum, or the largest number.
    fileprivate func addingClamped(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}

/// The reason why an entry of a layer is not valid. The reader, which knows the layer and the entry, makes a
/// `ToolError` of it.
struct LayerError: Error {
    let cause: String

    init(_ cause: String) {
        self.cause = cause
    }
}
