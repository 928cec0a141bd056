import CGuest
import Errors
import Glibc
import GuestProtocol

/// The image's file system: squashfs disks below and a directory of an ext4 disk above, in which the layer is made.
struct ImageRoot {
    /// The layer's directory: the upper directory of the overlay.
    static let upper = "/disk/upper"
    private static let work = "/disk/work"
    private static let merged = "/merged"

    /// The mount points of the lower disks, the topmost first.
    private let lowers: [String]
    private let mountPoints: MountPoints
    /// The root of the layer before any change.
    let firstRoot: UpperEntry

    /// Mounts the disks and prepares the layer's directory.
    ///
    /// - Throws: `ToolError` if a disk does not appear or cannot be mounted.
    static func mount(_ request: GuestRequest) throws -> ImageRoot {
        let lowers = try request.disks.indices.lazy
            .map { GuestDevice.Disk.lower($0) }
            .prefix { request.disks.contains($0.serial) }
            .map { disk in
                let directory = "/\(disk.serial)"
                mkdir(directory, 0o755)
                try Mount.make(Disk.path(of: disk), at: directory, type: "squashfs", isReadOnly: true)
                return directory
            }
        let mountPoints = try MountPoints.make(hasNetwork: request.hasNetwork)
        mkdir("/disk", 0o755)
        // The disk is removed after the run, so its writes need no order.
        try Mount.make(Disk.path(of: .layer), at: "/disk", type: "ext4", options: "barrier=0")
        for directory in [upper, work, merged] {
            guard mkdir(directory, 0o755) == 0 else { throw ToolError.io("cannot make the directory \(directory)") }
        }
        try copyRoot(of: lowers.last)
        return ImageRoot(lowers: lowers, mountPoints: mountPoints, firstRoot: try UpperEntry.read(upper))
    }

    /// Gives the layer's root the mode and the owner of the root below, because the overlay shows those of the layer.
    private static func copyRoot(of lower: String?) throws {
        var status = stat()
        guard let lower, lstat(lower, &status) == 0 else { return }
        guard chown(upper, status.st_uid, status.st_gid) == 0, chmod(upper, status.st_mode & 0o7777) == 0
        else { throw ToolError.io("cannot make the directory \(upper)") }
    }

    /// Calls `body` with a directory that has the whole image. Changes go to the layer.
    func withImage<Result>(_ body: (String) throws -> Result) throws -> Result {
        // Redirected directories and metadata-only copies cannot be expressed in a layer.
        let options =
            "lowerdir=\(stack(lowers)),upperdir=\(Self.upper),workdir=\(Self.work),"
            + "redirect_dir=off,metacopy=off,index=off,xino=off"
        return try mounted(options, isReadOnly: false, body)
    }

    /// Calls `body` with a directory that has the image with the layer's changes and is read-only.
    func withView<Result>(_ body: (String) throws -> Result) throws -> Result {
        try mounted("lowerdir=\(stack([Self.upper] + lowers))", isReadOnly: true, body)
    }

    private func stack(_ directories: [String]) -> String {
        (directories + [MountPoints.path]).joined(separator: ":")
    }

    private func mounted<Result>(
        _ options: String, isReadOnly: Bool, _ body: (String) throws -> Result
    ) throws -> Result {
        try Mount.make("overlay", at: Self.merged, type: "overlay", options: options, isReadOnly: isReadOnly)
        let result = Swift.Result { try body(Self.merged) }
        try Mount.remove(Self.merged)
        return try result.get()
    }

    /// The free space on the layer's disk in bytes; 0 if there are no inodes left.
    static var room: UInt64 {
        var status = statvfs()
        guard statvfs("/disk", &status) == 0 else { return .max }
        return status.f_ffree == 0 ? 0 : UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }

    /// The names in the root that exist only as mount points and not in the image below.
    var ownNames: Set<[UInt8]> {
        var status = stat()
        let own = mountPoints.names.filter { name in lowers.allSatisfy { lstat("\($0)/\(name)", &status) != 0 } }
        return Set(own.map { Array($0.utf8) })
    }
}

/// The lowest directory of the overlay, which has the mount points of the guest, so that none are made in the layer.
struct MountPoints {
    static let path = "/mountpoints"
    /// The file with the name server's address (resolv.conf(5)).
    static let resolverFile = "/etc/resolv.conf"

    /// The names in its root, sorted.
    let names: [String]

    /// Makes the directory.
    ///
    /// - Throws: `ToolError` with code `io`.
    static func make(hasNetwork: Bool) throws -> MountPoints {
        var directories = ["dev": 0o755, "proc": 0o555, "sys": 0o555, "tmp": 0o1777]
        if hasNetwork { directories["etc"] = 0o755 }
        mkdir(path, 0o755)
        for (name, mode) in directories {
            let directory = "\(path)/\(name)"
            guard mkdir(directory, 0o755) == 0, chmod(directory, mode_t(mode)) == 0 else {
                throw ToolError.io("cannot make the directory \(directory)")
            }
        }
        if hasNetwork { close(open(path + resolverFile, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)) }
        return MountPoints(names: directories.keys.sorted())
    }
}
