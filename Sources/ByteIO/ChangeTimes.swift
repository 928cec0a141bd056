import CLinux
import Errors
import Glibc
import SystemPackage

/// Tells where a file's change time and inode number identify its contents, so that what was computed from the contents
/// may be kept.
package enum ChangeTimes {
    /// Filesystems on disks that set change times by the clock, store inode numbers, and write mapped pages back: ext2
    /// to ext4, XFS, Btrfs, F2FS and ZFS.
    ///
    /// Not among them: squashfs, erofs and ISO 9660, whose images have only modification times and number their files
    /// alike; FUSE and network filesystems, whose times and numbers come from programs and other machines; tmpfs, where
    /// a program changes a mapped file without another time (Linux sets it when a page that was written back is
    /// written to again, and tmpfs writes nothing back). Source: `linux/magic.h`; ZFS: `sys/zfs_vfsops.h` of OpenZFS.
    private static let reliableKinds: Set<Int64> = [0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010, 0x2FC1_2FC1]
    /// `OVERLAYFS_SUPER_MAGIC` of `linux/magic.h`.
    private static let overlay: Int64 = 0x794C_7630

    /// Whether the filesystem of a file sets change times and inode numbers that identify the contents of its files.
    ///
    /// An overlay filesystem counts as that of its upper directory, which the kernel accepts only from a local
    /// filesystem that can be written to. Where lower directories are of other filesystems, their files do not count.
    ///
    /// - Parameters:
    ///   - descriptor: a descriptor of the file, for reading or as a place only.
    ///   - device: the number of the device that the file's status has.
    package static func areReliable(on descriptor: Int32, device: UInt64) -> Bool {
        let kind = clinux_filesystem_kind(descriptor)
        guard kind == overlay else { return reliableKinds.contains(kind) }
        guard let mount = Mount.of(descriptor), mount.isDevice(device), let upper = mount.upperDirectory else {
            return false
        }
        // In a container the upper directory is out of sight.
        let visible = upper.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard visible >= 0 else { return true }
        defer { close(visible) }
        return reliableKinds.contains(clinux_filesystem_kind(visible))
    }

    /// Whether a file's own numbers are such that they identify its contents.
    ///
    /// A change time of a whole second was set by a program that made an image of a filesystem, and other images may
    /// have the same; only the root filesystem cannot have been replaced by another one. Inode numbers of more than 48
    /// bits are made by overlay filesystems for files of lower directories (`xino`, "Overlay Filesystem" of the kernel's
    /// documentation).
    package static func identify(inode: UInt64, changed: Int64, device: UInt64) -> Bool {
        inode >> 48 == 0 && (changed % 1_000_000_000 != 0 || device == rootDevice)
    }

    private static let rootDevice: UInt64? = {
        var status = stat()
        return stat("/", &status) == 0 ? UInt64(status.st_dev) : nil
    }()
}

/// A mount, as `/proc/self/mountinfo` describes it (proc(5)).
private struct Mount {
    /// The major and the minor number of the device.
    private let device: [UInt32]
    /// The path of an overlay filesystem's upper directory; nil if it has none.
    let upperDirectory: FilePath?

    /// The most bytes that are read of `/proc/self/mountinfo`: 4 MiB, for tens of thousands of mounts.
    private static let limit = 4 << 20

    /// The mount that a descriptor was opened on; nil without `/proc`.
    static func of(_ descriptor: Int32) -> Mount? {
        guard let info = try? SmallFile.read(FilePath("/proc/self/fdinfo/\(descriptor)"), limit: 1 << 12),
            let mounts = try? SmallFile.read("/proc/self/mountinfo", limit: limit)
        else { return nil }
        let number = String(decoding: info, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("mnt_id:") }?
            .dropFirst(7).drop { $0 == "\t" || $0 == " " }
        guard let number else { return nil }
        let lines = String(decoding: mounts, as: UTF8.self).split(separator: "\n")
        return lines.first { $0.hasPrefix("\(number) ") }.flatMap { Mount($0) }
    }

    /// Whether the number of a device in a file's status is that of the mount.
    func isDevice(_ number: UInt64) -> Bool { device == [clinux_device_major(number), clinux_device_minor(number)] }

    private init?(_ line: Substring) {
        let fields = line.split(separator: " ")
        guard fields.count > 6 else { return nil }
        let numbers = fields[2].split(separator: ":").compactMap { UInt32($0) }
        guard let options = fields.last else { return nil }
        device = numbers
        upperDirectory = options.split(separator: ",").first { $0.hasPrefix("upperdir=") }
            .map { FilePath(String($0.dropFirst(9))) }
    }
}
