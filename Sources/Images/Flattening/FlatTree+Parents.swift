import Tar

/// The way to an entry's name, which may lead through links of its own layer.
extension FlatTree {
    private enum Step {
        case folder(ID)
        /// Something that no folder is there for, where none is to be made.
        case nothing
        /// Links lead in a circle.
        case circle
    }

    /// The folder that an entry of the current layer lies in.
    ///
    /// Missing folders are made. A link of the layer itself is followed within the root; if it leads in a circle, and if
    /// it or a file is there from a lower layer, a folder takes its place: that is what Docker's overlay2 shows, where
    /// each layer is unpacked by itself.
    mutating func makeFolder(_ components: ArraySlice<ArraySlice<UInt8>>) throws(LayerFault) -> ID {
        var folder = ID.root
        for component in components {
            var links = 0
            switch try step(component, in: folder, makes: true, &links) {
            case .folder(let next): folder = next
            case .circle, .nothing: folder = try place(component, in: folder)
            }
        }
        return folder
    }

    /// The folder that a whiteout of the current layer lies in; nil if there is none. Nothing is made.
    mutating func findFolder(_ components: ArraySlice<ArraySlice<UInt8>>) throws(LayerFault) -> ID? {
        var folder = ID.root
        for component in components {
            var links = 0
            guard case .folder(let next) = try step(component, in: folder, makes: false, &links) else { return nil }
            folder = next
        }
        return folder
    }

    private mutating func step(
        _ name: ArraySlice<UInt8>, in folder: ID, makes: Bool, _ links: inout Int
    ) throws(LayerFault) -> Step {
        if let id = child(name, of: folder) {
            if self[id].kind == .folder {
                if makes { self[id].touchedIn = layer }
                return .folder(id)
            }
            if self[id].kind == .symbolicLink, self[id].setIn == layer {
                return try follow(id, from: folder, makes: makes, &links)
            }
        }
        return makes ? .folder(try place(name, in: folder)) : .nothing
    }

    /// Where a link leads: from its folder or the root on, and never above the root.
    private mutating func follow(
        _ link: ID, from folder: ID, makes: Bool, _ links: inout Int
    ) throws(LayerFault) -> Step {
        links += 1
        guard links <= FlattenLimits.links else { return .circle }
        let target = Array(text(self[link].targetRange))
        var place = target.first == UInt8(ascii: "/") ? ID.root : folder
        for component in LayerPath.split(target) where !LayerPath.isDot(component) {
            if LayerPath.isDotDot(component) {
                place = self[place].parent
                continue
            }
            let step = try step(component, in: place, makes: makes, &links)
            guard case .folder(let next) = step else { return step }
            place = next
        }
        return .folder(place)
    }

    /// Puts a folder in the place of whatever is there.
    private mutating func place(_ name: ArraySlice<UInt8>, in folder: ID) throws(LayerFault) -> ID {
        let id = try node(name, in: folder)
        makePlainFolder(id)
        self[id].touchedIn = layer
        return id
    }
}
