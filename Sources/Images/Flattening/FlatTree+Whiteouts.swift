import Tar

/// What a layer removes is what lower layers have: what it brings itself stays, before the whiteout and behind it.
extension FlatTree {
    mutating func whiteOut(_ path: LayerPath) throws(LayerFault) {
        guard let folder = try findFolder(path.folders), let id = child(path.name, of: folder) else { return }
        hide(id)
        hideLower([id])
    }

    mutating func makeOpaque(_ path: LayerPath) throws(LayerFault) {
        guard let folder = try findFolder(path.folders) else { return }
        hideLower([folder])
    }

    /// Removes a name, unless it is of the current layer, or a folder on the way to what is.
    private mutating func hide(_ id: ID) {
        guard self[id].setIn != layer else { return }
        if self[id].kind == .folder, self[id].touchedIn == layer {
            makePlainFolder(id)
        } else {
            remove(id)
        }
    }

    /// Removes what lower layers have in folders: once for each, since nothing of them can come later.
    private mutating func hideLower(_ names: [ID]) {
        var folders = names
        while let folder = folders.popLast() {
            guard self[folder].kind == .folder, self[folder].opaqueIn != layer else { continue }
            self[folder].opaqueIn = layer
            var child = self[folder].firstChild
            while child != .root {
                if self[child].kind != nil {
                    hide(child)
                    folders.append(child)
                }
                child = self[child].nextSibling
            }
        }
    }
}
