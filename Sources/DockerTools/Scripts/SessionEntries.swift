import Glibc
import Images
import Store
import Tar

/// The entries of a tar that a session of `fakeRootCommands` left, as the layer is to have them.
struct SessionEntries: Sendable {
    /// What lies below the layer; nil: nothing.
    let base: RootFilesystem?
    /// Whether the files are the upper ones of an overlay, in whose own way it tells what was removed.
    private let isOverlay: Bool
    private let isFakeroot: Bool
    /// The directories that were there before the script.
    private let directories: Set<[UInt8]>

    private static let slash = UInt8(ascii: "/")

    init(base: RootFilesystem?, before tree: FileTree, isOverlay: Bool, isFakeroot: Bool) {
        self.base = base
        self.isOverlay = isOverlay
        self.isFakeroot = isFakeroot
        var directories: Set<[UInt8]> = []
        tree.forEach { entry, path, _ in
            if entry.kind == .directory { directories.insert(Array(path)) }
        }
        self.directories = directories
    }

    /// What stands in the place of an entry.
    func corrected(_ member: TarMember) -> [TarMember] {
        if isOverlay { return inOverlay(member) }
        var member = isFakeroot ? withOwner(member) : member
        let path = Self.plain(member.path)
        guard let base, !path.isEmpty else { return [member] }
        member.path = Self.redirected(path, isDirectory: member.kind == .directory, through: base)
        // The base has a link there, and the directory that it leads to.
        if member.kind == .directory, member.path != path, base.resolve(path) != nil { return [] }
        if member.kind == .hardLink {
            member.linkTarget = Self.redirected(Self.plain(member.linkTarget), isDirectory: false, through: base)
        }
        return [onWay(member)]
    }

    /// Where a path of the layer comes to lie in the image: behind a link of the base's to a directory, where the script, which
    /// does not see the base, made a directory in its place.
    private static func redirected(_ path: [UInt8], isDirectory: Bool, through base: RootFilesystem) -> [UInt8] {
        var place: [UInt8] = []
        let components = path.split(separator: slash)
        for (number, component) in components.enumerated() {
            place += (place.isEmpty ? [] : [slash]) + component
            if number < components.count - 1 || isDirectory { place = base.resolve(place) ?? place }
        }
        return place
    }

    /// A directory that the script made on the way to a file is the base's, where the base has it.
    private func onWay(_ member: TarMember) -> TarMember {
        guard member.kind == .directory, member.mode == TreeMerger.directoryMode, member.uid == 0, member.gid == 0,
            !directories.contains(member.path), let directory = base?.directory(at: member.path)
        else { return member }
        var member = member
        member.mode = directory.mode
        member.uid = directory.attributes?.uid ?? 0
        member.gid = directory.attributes?.gid ?? 0
        if member.xattrs.isEmpty { member.xattrs = directory.xattrs }
        return member
    }

    /// Of a file that nobody has given an owner, fakeroot 1.31 takes the real one as soon as it gets attributes, and root
    /// only without.
    private func withOwner(_ member: TarMember) -> TarMember {
        guard !member.xattrs.isEmpty else { return member }
        var member = member
        if member.uid == UInt64(geteuid()) { member.uid = 0 }
        if member.gid == UInt64(getegid()) { member.gid = 0 }
        return member
    }

    /// Source: Linux, "Overlay Filesystem", on whiteouts and opaque directories. A newly made directory is opaque at times
    /// though nothing is below it, which depends on the kernel, and stands for nothing.
    private func inOverlay(_ member: TarMember) -> [TarMember] {
        let path = Self.plain(member.path)
        if member.kind == .characterDevice, member.deviceMajor == 0, member.deviceMinor == 0 {
            guard base?.find(path, followsLast: false) != nil else { return [] }
            let cut = path.lastIndex(of: Self.slash).map { $0 + 1 } ?? 0
            return [marker(path[..<cut] + Array(".wh.".utf8) + path[cut...], like: member)]
        }
        guard member.kind == .directory, member.xattrs.contains(where: Self.isOpaque), base?.directory(at: path) != nil
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

    /// As root, and in a user namespace.
    private static func isOpaque(_ xattr: TarXattr) -> Bool {
        ["trusted.overlay.opaque", "user.overlay.opaque"].contains { xattr.name.elementsEqual($0.utf8) }
            && xattr.value == [UInt8(ascii: "y")]
    }

    /// A path below the root, without `./` before and a slash behind it.
    private static func plain(_ path: [UInt8]) -> [UInt8] {
        let components = path.split(separator: slash).filter { !$0.elementsEqual(".".utf8) }
        return Array(components.joined(separator: [slash]))
    }
}
