import Errors
import Tar

/// The format of the tar of a root filesystem.
package enum RootfsTarFormat: Sendable {
    /// The format for `docker import`: `./` first, then `./…`, with PAX headers.
    case portable
    /// The portable format without devices, which only root of the initial user namespace may create.
    case withoutDevices
    /// The format for `sqfstar` (squashfs-tools 4.5): without the root, which it ignores, and without `./`; long names
    /// in GNU's format, since it removes `/`, `./` and `../` from link targets in PAX headers; nothing that a squashfs
    /// cannot contain.
    case squashfs

    /// The prefix of each name.
    var prefix: [UInt8] {
        switch self {
        case .portable, .withoutDevices: Array("./".utf8)
        case .squashfs: []
        }
    }

    /// The dialect of the headers.
    var dialect: TarDialect {
        switch self {
        case .portable, .withoutDevices: .python
        case .squashfs: .gnuNames
        }
    }

    /// An entry without the parts of its time and its attributes that the format cannot contain.
    ///
    /// - Returns: nil for an entry that the format leaves out.
    /// - Throws: `ToolError` with code `data` for an owner or a device whose number is too large for the format.
    func fitted(_ entry: RootfsEntry, path: @autoclosure () -> [UInt8]) throws -> RootfsEntry? {
        if self == .withoutDevices, entry.kind == .characterDevice || entry.kind == .blockDevice { return nil }
        guard self == .squashfs else { return entry }
        let owner = entry.attributes
        guard max(owner.uid, owner.gid) <= UInt64(UInt32.max) else {
            throw Self.refusal(
                path(), "its owner is \(owner.uid):\(owner.gid), and the largest number is \(UInt32.max)")
        }
        guard entry.deviceMajor < 1 << 12, entry.deviceMinor < 1 << 20 else {
            throw Self.refusal(
                path(),
                "it is the device \(entry.deviceMajor):\(entry.deviceMinor), and the largest numbers are 4095:1048575"
            )
        }
        var fitted = entry
        fitted.attributes = TarAttributes(
            uid: owner.uid, gid: owner.gid,
            modified: TarTime(seconds: min(max(owner.modified.seconds, 0), Int64(UInt32.max))))
        fitted.xattrs = entry.xattrs.filter(keeps)
        return fitted
    }

    /// The namespaces of a squashfs (`squashfs_fs.h`, SQUASHFS_XATTR_USER and the next).
    private static let namespaces = ["user.", "trusted.", "security."].map { Array($0.utf8) }

    /// Whether the format can contain an extended attribute.
    func keeps(_ xattr: TarXattr) -> Bool {
        self != .squashfs || Self.namespaces.contains { xattr.name.starts(with: $0) }
    }

    private static func refusal(_ path: [UInt8], _ cause: String) -> ToolError {
        ToolError(
            .data, "cannot put '/\(String(decoding: path, as: UTF8.self))' into a squashfs", cause: cause,
            remedy: "export the image as a tar")
    }
}

extension RootFilesystem {
    /// The paths of files with extended attributes that a format cannot contain, sorted.
    package func pathsLosingXattrs(in form: RootfsTarFormat) -> [[UInt8]] {
        xattrs.filter { id, xattrs in
            self[id].hasXattrs && self[id].kind != nil
                && (form == .squashfs && id == .root || !xattrs.allSatisfy(form.keeps))
        }.map { path(of: $0.key) }.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
