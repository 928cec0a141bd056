import Errors
import Tar

/// The form of the tar that a flat tree becomes.
package enum RootfsTarFormat: Sendable {
    /// As `docker import` takes it: `./` first, then `./…`, in PAX form.
    case portable
    /// The same but for devices, which only root of the machine's own user namespace may make.
    case withoutDevices
    /// As `sqfstar` takes it whole (squashfs-tools 4.5): without the root, which it ignores, and without `./`; long names
    /// in GNU's form, since it cuts `/`, `./` and `../` off the link targets of PAX; nothing that a squashfs cannot hold.
    case squashfs

    /// What stands before each name.
    var prefix: [UInt8] {
        switch self {
        case .portable, .withoutDevices: Array("./".utf8)
        case .squashfs: []
        }
    }

    var dialect: TarDialect {
        switch self {
        case .portable, .withoutDevices: .python
        case .squashfs: .gnuNames
        }
    }

    /// An entry as the form can hold it: what it cannot hold of its time and its attributes is left out.
    ///
    /// - Returns: nil for one that it leaves out.
    /// - Throws: `ToolError` with code `data` for an owner or a device that would become another.
    func fitted(_ entry: RootfsEntry, path: @autoclosure () -> [UInt8]) throws -> RootfsEntry? {
        if self == .withoutDevices, entry.kind == .characterDevice || entry.kind == .blockDevice { return nil }
        guard self == .squashfs else { return entry }
        let owner = entry.attributes
        guard max(owner.uid, owner.gid) <= UInt64(UInt32.max) else {
            throw Self.refusal(
                path(), "its owner is \(owner.uid):\(owner.gid), and no number can be over \(UInt32.max)")
        }
        guard entry.deviceMajor < 1 << 12, entry.deviceMinor < 1 << 20 else {
            throw Self.refusal(
                path(),
                "it is the device \(entry.deviceMajor):\(entry.deviceMinor), and the numbers can be 4095:1048575 at most"
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
    /// The paths whose extended attributes a form cannot hold all of, in order.
    package func pathsLosingXattrs(in form: RootfsTarFormat) -> [[UInt8]] {
        xattrs.filter { id, xattrs in
            self[id].hasXattrs && self[id].kind != nil
                && (form == .squashfs && id == .root || !xattrs.allSatisfy(form.keeps))
        }.map { path(of: $0.key) }.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
