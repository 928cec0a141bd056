package import ByteIO
import Tar

/// Writes a root filesystem as one tar, for `docker import` and `sqfstar`.
///
/// A directory precedes its contents, which are sorted by `PathOrder`; in the portable format the root `./` is first.
/// The first name of a file is followed by the file's body, and further names are hard links to the first. Each entry
/// keeps its owner, its time and its attributes, so the bytes depend only on the layers.
package struct RootfsWriter {
    private let tree: RootFilesystem
    private let form: RootfsTarFormat
    private let tar: TarWriter
    private let windows: LayerWindows
    /// The first name of each file that has several.
    private var firstNames: [RootFilesystem.FileIdentity: RootFilesystem.ID] = [:]
    /// The path of the entry that is being written.
    private var path: [UInt8]

    private init(_ tree: RootFilesystem, form: RootfsTarFormat, to sink: any ByteSink) {
        self.tree = tree
        self.form = form
        path = form.prefix
        tar = TarWriter(to: sink, owner: TarOwner(), dialect: form.dialect)
        windows = LayerWindows(tree.layers)
    }

    /// Writes a whole tar.
    ///
    /// - Returns: the size of the tar in bytes.
    /// - Throws: the errors of the sink; `ToolError` with code `io` if a layer cannot be read, or has become shorter;
    ///   `data` for an entry that the format cannot contain.
    package static func write(
        _ tree: RootFilesystem, form: RootfsTarFormat = .portable, to sink: any ByteSink
    ) throws -> UInt64 {
        var writer = RootfsWriter(tree, form: form, to: sink)
        try writer.write()
        return writer.tar.position
    }

    private mutating func write() throws {
        if !path.isEmpty { try write(.root) }
        // For each directory on the current path: its remaining contents in reverse order, and the length of its path.
        var pending = [(rest: Array(tree.children(of: .root).reversed()), length: path.count)]
        while !pending.isEmpty {
            // The list is changed in place: a copy for each name would take quadratic time.
            let directory = pending.count - 1
            guard let id = pending[directory].rest.popLast() else {
                pending.removeLast()
                continue
            }
            path.removeSubrange(pending[directory].length...)
            path += tree.name(of: id)
            if tree[id].kind == .directory { path.append(UInt8(ascii: "/")) }
            try write(id)
            if tree[id].kind == .directory {
                pending.append((Array(tree.children(of: id).reversed()), path.count))
            }
        }
        try tar.finish()
    }

    private mutating func write(_ id: RootFilesystem.ID) throws {
        guard let entry = try tree.entry(id).flatMap({ try form.fitted($0, path: tree.path(of: id)) }) else { return }
        if let identity = tree.sharedIdentity(id) {
            if let first = firstNames[identity] {
                try header(entry, kind: .hardLink, size: 0, target: form.prefix + tree.path(of: first))
                return
            }
            firstNames[identity] = id
        }
        try header(entry, kind: entry.kind, size: entry.size, target: entry.linkTarget)
        guard entry.size > 0 else { return }
        let (layer, offset) = (Int(tree[id].bodyLayer) - 1, tree[id].offset)
        do {
            if let map = tree.sparseMap(id) {
                try tar.body(map) { windows.body(layer: layer, at: offset + $0) }
            } else {
                try tar.body(entry.size, from: windows.body(layer: layer, at: offset))
            }
        } catch is TarBodyTooShort {
            throw tree.layers[layer].file.shortened
        }
    }

    private func header(_ entry: RootfsEntry, kind: TarKind, size: UInt64, target: [UInt8]) throws {
        try path.withUnsafeBytes { path in
            try target.withUnsafeBytes { target in
                try tar.header(
                    TarEntry(
                        path: path, kind: kind, mode: entry.mode, size: size, linkTarget: target,
                        device: (entry.deviceMajor, entry.deviceMinor), attributes: entry.attributes,
                        xattrs: kind == .hardLink ? [] : entry.xattrs))
            }
        }
    }
}
