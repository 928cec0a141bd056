import CGuest
import Errors
import Glibc
import GuestProtocol

/// The image's file system: squashfs disks below, a directory of an ext4 disk above, where the layer is made.
struct ImageRoot {
    /// The layer's directory: what an overlay's upper directory holds.
    static let upper = "/disk/upper"
    private static let work = "/disk/work"
    private static let merged = "/merged"

    /// Where the lower disks are mounted, the topmost first.
    private let lowers: [String]
    private let scaffold: MountPoints
    /// What the root of the layer was like before anything was done to it.
    let firstRoot: UpperEntry

    init(_ request: GuestRequest) throws {
        lowers = try request.disks.indices.lazy
            .map { GuestDevice.Disk.lower($0) }
            .prefix { request.disks.contains($0.serial) }
            .map { disk in
                let place = "/\(disk.serial)"
                mkdir(place, 0o755)
                try Mount.make(Disk.path(of: disk), at: place, type: "squashfs", isReadOnly: true)
                return place
            }
        scaffold = try MountPoints(hasNetwork: request.hasNetwork)
        mkdir("/disk", 0o755)
        // Nothing of it outlives the machine, so that there is no need to put it in order on the disk.
        try Mount.make(Disk.path(of: .layer), at: "/disk", type: "ext4", options: "barrier=0")
        for directory in [Self.upper, Self.work, Self.merged] {
            guard mkdir(directory, 0o755) == 0 else { throw ToolError.io("cannot make the directory \(directory)") }
        }
        try Self.takeRoot(of: lowers.last)
        firstRoot = try UpperEntry(Self.upper)
    }

    /// Gives the layer's root the mode and the owner of the root below it, which is what the overlay shows.
    private static func takeRoot(of lower: String?) throws {
        var status = stat()
        guard let lower, lstat(lower, &status) == 0 else { return }
        guard chown(upper, status.st_uid, status.st_gid) == 0, chmod(upper, status.st_mode & 0o7777) == 0
        else { throw ToolError.io("cannot make the directory \(upper)") }
    }

    /// Calls `body` with the directory where all of the image is seen, and whatever is changed is the layer's.
    func withImage<Result>(_ body: (String) throws -> Result) throws -> Result {
        // No directory is renamed by a mark, and no file copied by half: a layer could not tell of either.
        let options =
            "lowerdir=\(stack(lowers)),upperdir=\(Self.upper),workdir=\(Self.work),"
            + "redirect_dir=off,metacopy=off,index=off,xino=off"
        return try mounted(options, isReadOnly: false, body)
    }

    /// Calls `body` with a directory where the image is seen as the layer makes it, and nothing can be changed.
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

    /// What is left on the disk for files, in bytes; 0 where there is no room for another file either.
    static var room: UInt64 {
        var status = statvfs()
        guard statvfs("/disk", &status) == 0 else { return .max }
        return status.f_ffree == 0 ? 0 : UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }

    /// The names in the root that are this machine's own, and not of the image below.
    var ownNames: Set<[UInt8]> {
        var status = stat()
        let own = scaffold.names.filter { name in lowers.allSatisfy { lstat("\($0)/\(name)", &status) != 0 } }
        return Set(own.map { Array($0.utf8) })
    }
}

/// A directory below all others that has what this machine mounts something on: so nothing of it has to be made in the layer.
struct MountPoints {
    static let path = "/scaffold"
    /// Where programs look for the name server's address.
    static let resolverFile = "/etc/resolv.conf"

    /// What is in its root.
    let names: [String]

    init(hasNetwork: Bool) throws {
        var directories = ["dev": 0o755, "proc": 0o555, "sys": 0o555, "tmp": 0o1777]
        if hasNetwork { directories["etc"] = 0o755 }
        names = directories.keys.sorted()
        mkdir(Self.path, 0o755)
        for (name, mode) in directories {
            let directory = "\(Self.path)/\(name)"
            guard mkdir(directory, 0o755) == 0, chmod(directory, mode_t(mode)) == 0 else {
                throw ToolError.io("cannot make the directory \(directory)")
            }
        }
        guard hasNetwork else { return }
        close(open(Self.path + Self.resolverFile, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644))
    }
}
