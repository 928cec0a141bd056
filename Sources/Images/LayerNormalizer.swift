package import ByteIO
import OCI
package import Store
package import Tar

/// Rewrites the tar of a layer that a virtual machine or a namespace made in the form that this program writes, so that
/// nothing depends on the machine and the time that it was made at.
package struct LayerNormalizer {
    private let base: RootFilesystem?
    private let owner: TarOwner
    private let entries: (TarMember) -> [TarMember]

    /// - Parameters:
    ///   - base: the filesystem below the layer, whose directories keep their times; nil for none.
    ///   - owner: the time of all other entries, and the names of the owner's numbers.
    ///   - entries: returns the entries that replace an entry. The body of a file stays that of the original entry.
    package init(
        base: RootFilesystem?, owner: TarOwner, entries: @escaping (_ member: TarMember) -> [TarMember] = { [$0] }
    ) {
        self.base = base
        self.owner = owner
        self.entries = entries
    }

    /// Copies all entries, but not the end of the archive.
    ///
    /// - Parameters:
    ///   - layer: the tar.
    ///   - name: the layer's name in errors: `the layer of runAsRoot`.
    ///   - sink: receives the entries.
    /// - Returns: the number of bytes written, a whole number of blocks.
    /// - Throws: `ToolError` with code `data` for an entry that is not valid in a layer; the errors of the sink.
    package func copy(_ layer: FileRange, name: String, to sink: any ByteSink) throws -> UInt64 {
        let tar = TarWriter(to: sink, owner: owner)
        let reader = TarReader(layer.source(), archive: name)
        while let original = try reader.next() {
            for member in entries(original) { try copy(member, of: layer, by: reader, to: tar) }
        }
        try tar.flush()
        return tar.position
    }

    private func copy(_ member: TarMember, of layer: FileRange, by reader: TarReader, to tar: TarWriter) throws {
        let entry: Entry
        do {
            entry = try Entry(member)
        } catch {
            throw reader.failure(error.cause)
        }
        guard entry.meaning != .bookkeeping else { return }
        try write(member, entry, to: tar)
        guard member.size > 0 else { return }
        let stored = member.sparse?.storedSize ?? member.size
        let body = layer.slice(at: member.bodyOffset, size: stored)
        guard body.size == stored else { throw reader.failure("the archive ends within its body") }
        do {
            if let map = member.sparse {
                try tar.body(map) { body.slice(at: $0, size: .max).source() }
            } else {
                try tar.body(member.size, from: body.source())
            }
        } catch is TarBodyTooShort {
            throw layer.file.shortened
        }
    }

    /// The paths of an entry in canonical form.
    private struct Entry {
        let meaning: LayerPath.Meaning
        /// The path; that of a directory ends in a slash.
        let path: [UInt8]
        let linkTarget: [UInt8]

        init(_ member: TarMember) throws(LayerError) {
            meaning = try LayerPath(member.path).meaning
            let joined = try Self.joined(member.path)
            let isDirectory = member.kind == .directory
            path = (joined.isEmpty ? [UInt8(ascii: ".")] : joined) + (isDirectory ? [UInt8(ascii: "/")] : [])
            linkTarget = member.kind == .hardLink ? try Self.joined(member.linkTarget) : member.linkTarget
        }

        /// Whether the entry only removes files of lower layers.
        var isMarker: Bool { meaning == .whiteout || meaning == .opaque }

        private static func joined(_ path: [UInt8]) throws(LayerError) -> [UInt8] {
            Array(try LayerPath.components(path).joined(separator: [UInt8(ascii: "/")]))
        }
    }

    private func write(_ member: TarMember, _ entry: Entry, to tar: TarWriter) throws {
        try entry.path.withUnsafeBytes { path in
            try entry.linkTarget.withUnsafeBytes { target in
                try tar.header(
                    TarEntry(
                        path: path, kind: member.kind, mode: entry.isMarker ? 0 : member.mode, size: member.size,
                        linkTarget: target, device: (member.deviceMajor, member.deviceMinor),
                        attributes: entry.isMarker ? nil : attributes(of: member, at: entry.path),
                        xattrs: entry.isMarker ? [] : member.xattrs.filter(\.belongsToLayers)))
            }
        }
    }

    private func attributes(of member: TarMember, at path: [UInt8]) -> TarAttributes {
        let before = member.kind == .directory ? base?.directory(at: path) : nil
        return TarAttributes(
            uid: member.uid, gid: member.gid,
            userName: member.uid == owner.uid ? Array(owner.userName.utf8) : [],
            groupName: member.gid == owner.gid ? Array(owner.groupName.utf8) : [],
            modified: before?.attributes?.modified ?? TarTime(seconds: owner.modified))
    }
}

/// A layer whose uncompressed tar is in a temporary file, which exists as long as the layer.
package struct SpooledLayer: Layer {
    package let title: String
    package let storePaths: [StorePath]
    private let opened: Opened

    /// The uncompressed tar.
    package var tar: FileRange { opened.tar }

    /// Hashes the tar.
    ///
    /// - Parameters:
    ///   - title: a short description for progress messages.
    ///   - storePaths: the store paths in the layer.
    ///   - tar: the uncompressed tar.
    /// - Throws: `ToolError` with code `io` if the tar cannot be read.
    package init(title: String, storePaths: [StorePath] = [], tar: FileRange) throws {
        self.title = title
        self.storePaths = storePaths
        opened = Opened(tar: tar, diffID: try tar.digest())
    }

    package func open() -> any OpenLayer { opened }

    private struct Opened: OpenLayer {
        let tar: FileRange
        let diffID: Digest

        var size: UInt64 { tar.size }
        var knownDiffID: Digest? { diffID }

        func write(to sink: any ByteSink) throws { try tar.copy(to: sink) }
        func remember(_ diffID: Digest) {}
        func uncompressedTar(spool: SpoolDirectory, needsBodies: Bool) -> FileRange { tar }
        /// Does nothing: no other process can change the file.
        func verify() {}
    }
}
