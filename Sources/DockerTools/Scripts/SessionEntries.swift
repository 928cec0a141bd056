import Glibc
import Images
import Store
import Tar

/// Translates the entries of a tar that a session of `fakeRootCommands` packed to entries of a layer.
struct SessionEntries: Sendable {
    /// The root file system below the layer; nil without a base.
    private let rootfs: RootFilesystem?
    /// Whether the files are the upper directory of an overlay, which marks removed files in its own way.
    private let isOverlay: Bool
    private let isFakeroot: Bool
    /// The directories that existed before the script ran.
    private let directories: Set<[UInt8]>

    private static let slash = UInt8(ascii: "/")

    init(rootfs: RootFilesystem?, before tree: FileTree, isOverlay: Bool, isFakeroot: Bool) {
        self.rootfs = rootfs
        self.isOverlay = isOverlay
        self.isFakeroot = isFakeroot
        var directories: Set<[UInt8]> = []
        tree.forEach { entry, path, _ in
            if entry.kind == .directory { directories.insert(Array(path)) }
        }
        self.directories = directories
    }

    /// The entries that replace an entry of the tar.
    func corrected(_ member: TarMember) -> [TarMember] {
        if isOverlay { return inOverlay(member) }
        var member = isFakeroot ? withOwner(member) : member
        let path = Self.normalized(member.path)
        guard let rootfs, !path.isEmpty else { return [member] }
        member.path = Self.redirected(path, isDirectory: member.kind == .directory, through: rootfs)
        // The base has a link at this path, which leads to an existing directory.
        if member.kind == .directory, member.path != path, rootfs.resolve(path) != nil { return [] }
        if member.kind == .hardLink {
            member.linkTarget = Self.redirected(Self.normalized(member.linkTarget), isDirectory: false, through: rootfs)
        }
        return [asInBase(member)]
    }

    /// The path in the image of a path in the layer. The script does not see the base: where it made a directory and
    /// the base has a link to a directory, the files belong behind the link.
    private static func redirected(_ path: [UInt8], isDirectory: Bool, through rootfs: RootFilesystem) -> [UInt8] {
        var result: [UInt8] = []
        let components = path.split(separator: slash)
        for (number, component) in components.enumerated() {
            result += (result.isEmpty ? [] : [slash]) + component
            if number < components.count - 1 || isDirectory { result = rootfs.resolve(result) ?? result }
        }
        return result
    }

    /// A parent directory that the script created has the owner and the mode of the base's directory if there is one.
    private func asInBase(_ member: TarMember) -> TarMember {
        guard member.kind == .directory, member.mode == TreeMerger.directoryMode, member.uid == 0, member.gid == 0,
            !directories.contains(member.path), let directory = rootfs?.directory(at: member.path)
        else { return member }
        var member = member
        member.mode = directory.mode
        member.uid = directory.attributes?.uid ?? 0
        member.gid = directory.attributes?.gid ?? 0
        if member.xattrs.isEmpty { member.xattrs = directory.xattrs }
        return member
    }

    /// Corrects the owner of a file with extended attributes: fakeroot 1.31 records the real owner for it, and root for
    /// any other file whose owner nothing has changed.
    private func withOwner(_ member: TarMember) -> TarMember {
        guard !member.xattrs.isEmpty else { return member }
        var member = member
        if member.uid == UInt64(geteuid()) { member.uid = 0 }
        if member.gid == UInt64(getegid()) { member.gid = 0 }
        return member
    }

    /// Translates whiteouts and opaque directories of an overlay to those of a layer.
    ///
    /// Some kernels mark a new directory as opaque although nothing is below it; that mark is ignored.
    /// Source: https://docs.kernel.org/filesystems/overlayfs.html, "whiteouts and opaque directories".
    private func inOverlay(_ member: TarMember) -> [TarMember] {
        let path = Self.normalized(member.path)
        if member.kind == .characterDevice, member.deviceMajor == 0, member.deviceMinor == 0 {
            guard rootfs?.find(path, followsLast: false) != nil else { return [] }
            let cut = path.lastIndex(of: Self.slash).map { $0 + 1 } ?? 0
            return [marker(path[..<cut] + Array(".wh.".utf8) + path[cut...], like: member)]
        }
        guard member.kind == .directory, member.xattrs.contains(where: Self.isOpaque),
            rootfs?.directory(at: path) != nil
        else {
            return [member]
        }
        return [member, marker(path + [Self.slash] + Array(".wh..wh..opq".utf8), like: member)]
    }

    private func marker(_ path: [UInt8], like member: TarMember) -> TarMember {
        var marker = member
        (marker.path, marker.kind, marker.size, marker.xattrs) = (path, .file, 0, [])
        (marker.deviceMajor, marker.deviceMinor) = (0, 0)
        return marker
    }

    /// Whether an attribute marks an opaque directory: `trusted.` for root, `user.` in a user namespace.
    private static func isOpaque(_ xattr: TarXattr) -> Bool {
        ["trusted.overlay.opaque", "user.overlay.opaque"].contains { xattr.name.elementsEqual($0.utf8) }
            && xattr.value == [UInt8(ascii: "y")]
    }

    /// A path relative to the root, without a leading `./` and a trailing slash.
    private static func normalized(_ path: [UInt8]) -> [UInt8] {
        let components = path.split(separator: slash).filter { !$0.elementsEqual(".".utf8) }
        return Array(components.joined(separator: [slash]))
    }
}
