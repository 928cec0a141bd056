import Errors
import Glibc
import Tar

/// Packs the layer's directory as a tar; the overlay's marks become whiteouts and opaque markers.
///
/// Source: Linux, "Overlay Filesystem", on whiteouts and opaque directories; OCI Image Specification v1.1, "Image Layer
/// Filesystem Changeset".
final class LayerPacker {
    private static let whiteoutPrefix = Array(".wh.".utf8)
    private static let opaqueName = Array(".wh..wh..opq".utf8)
    private static let opaqueXattr = Array("trusted.overlay.opaque".utf8)

    private let firstRoot: UpperEntry
    private let ownNames: Set<[UInt8]>
    private let log: DescriptorWriter
    /// The first path of each file with several names, by inode.
    private var firstNames: [ino_t: [UInt8]] = [:]

    /// - Parameters:
    ///   - root: has the names of mount points, which are left out of the layer unless they have files.
    ///   - log: the descriptor that receives a line for each file that a layer cannot have.
    init(_ root: ImageRoot, log: Int32) {
        firstRoot = root.firstRoot
        ownNames = root.ownNames
        self.log = DescriptorWriter(log, name: "the port for output")
    }

    /// Writes the tar to a disk.
    ///
    /// - Parameter path: the disk's device.
    /// - Returns: the size of the tar in bytes.
    /// - Throws: `ToolError` with code `io`.
    func pack(to path: String) throws -> UInt64 {
        let disk = open(path, O_WRONLY | O_CLOEXEC)
        guard disk >= 0 else { throw ToolError.io("cannot open \(path)") }
        defer { close(disk) }
        let tar = TarWriter(to: DescriptorWriter(disk, name: "the disk for the layer"), owner: TarOwner())
        try packRoot(to: tar)
        try tar.finish()
        guard fsync(disk) == 0 else { throw ToolError.io("cannot write to the disk for the layer") }
        return tar.position
    }

    private func packRoot(to tar: TarWriter) throws {
        let root = try UpperEntry.read(ImageRoot.upper)
        // The image has a root already; the layer needs an entry only if a script changed it.
        if !root.isLike(firstRoot) { try header(root, name: Array("./".utf8), to: tar) }
        guard chdir(ImageRoot.upper) == 0 else { throw ToolError.io("cannot enter the layer's directory") }
        try packDirectory([], to: tar)
    }

    /// Packs the current directory.
    ///
    /// - Parameter directory: its path in the layer, with a trailing slash unless it is the root.
    private func packDirectory(_ directory: [UInt8], to tar: TarWriter) throws {
        let descriptor = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ToolError.io("cannot open \(Self.text(directory))") }
        defer { close(descriptor) }
        let names = try SystemFile.names(in: ".").sorted { left, right in
            left.withUnsafeBytes { left in right.withUnsafeBytes { PathOrder.precedes(left, $0) } }
        }
        for name in names {
            try packEntry(name, in: directory, to: tar)
            guard fchdir(descriptor) == 0 else { throw ToolError.io("cannot return to \(Self.text(directory))") }
        }
    }

    private func packEntry(_ name: [UInt8], in directory: [UInt8], to tar: TarWriter) throws {
        let file = try UpperEntry.read(name)
        let path = directory + name
        if file.isWhiteout {
            // A mount point was never in the image, so it needs no whiteout.
            if directory.isEmpty, ownNames.contains(name) { return }
            return try header(.marker, name: directory + Self.whiteoutPrefix + name, to: tar)
        }
        guard !name.starts(with: Self.whiteoutPrefix) else {
            return try log.write("/\(Self.text(path)) is named like a whiteout, which a layer cannot have: left out\n")
        }
        guard let kind = file.kind else {
            return try log.write("/\(Self.text(path)) is a socket, which a layer cannot have: left out\n")
        }
        if kind == .directory {
            try packSubdirectory(
                file, named: name, at: path + [UInt8(ascii: "/")], isInRoot: directory.isEmpty, to: tar)
        } else if file.hasOtherNames, let first = firstNames[file.number] {
            try header(file, kind: .hardLink, name: path, target: first, to: tar)
        } else {
            if file.hasOtherNames { firstNames[file.number] = path }
            try header(file, name: path, target: file.linkTarget(), to: tar)
            if kind == .file, file.size > 0 { try tar.body(file.size, from: file.open()) }
        }
    }

    private func packSubdirectory(
        _ file: UpperEntry, named name: [UInt8], at path: [UInt8], isInRoot: Bool, to tar: TarWriter
    ) throws {
        guard chdir(file.path.chars) == 0 else { throw ToolError.io("cannot enter \(Self.text(path))") }
        if isInRoot, ownNames.contains(name), try SystemFile.names(in: ".").isEmpty { return }
        try header(file, name: path, to: tar)
        if file.xattrs.contains(where: { $0.name == Self.opaqueXattr }) {
            try header(.marker, name: path + Self.opaqueName, to: tar)
        }
        try packDirectory(path, to: tar)
    }

    private func header(
        _ file: UpperEntry, kind: TarKind? = nil, name: [UInt8], target: [UInt8] = [], to tar: TarWriter
    ) throws {
        guard let kind = kind ?? file.kind else { return }
        try name.withUnsafeBytes { path in
            try target.withUnsafeBytes { target in
                try tar.header(
                    TarEntry(
                        path: path, kind: kind, mode: file.mode, size: kind == .file ? file.size : 0,
                        linkTarget: target, device: file.device, attributes: file.attributes, xattrs: file.xattrs))
            }
        }
    }

    private static func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }
}
