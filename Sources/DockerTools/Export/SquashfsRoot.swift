import Failures
import Glibc
import Images
import SystemPackage

/// Sets owner and time of a squashfs's root folder where `sqfstar` did not: that of squashfs-tools 4.5 takes the options
/// and heeds the mode alone, so that the bytes would depend on who made them, and when.
///
/// Source: `squashfs_fs.h` of squashfs-tools: the superblock, the inodes' common head and the table of owners. Both tables
/// have to be uncompressed.
struct SquashfsRoot {
    private let descriptor: Int32
    private let file: FilePath

    /// Bytes of a block of metadata, and of the length that stands before each.
    private static let (blockSize, lengthSize): (UInt64, UInt64) = (8192, 2)

    /// Seconds since 1970 as the file system can hold them.
    static func time(of root: FlatEntry) -> UInt32 { UInt32(clamping: root.attributes.modified.seconds) }

    /// - Throws: `Failure` with code `io`; `unavailable` if the owner of the root has nothing in the file system.
    static func set(_ root: FlatEntry, in file: FilePath) throws {
        let descriptor = file.withPlatformString { open($0, O_RDWR | O_CLOEXEC) }
        guard descriptor >= 0 else { throw Failure.io("cannot write \(file)") }
        defer { close(descriptor) }
        let squashfs = SquashfsRoot(descriptor: descriptor, file: file)
        let owners = try squashfs.owners()
        let inode = try squashfs.number(at: 32, bytes: 8)
        for (place, id) in [(UInt64(4), root.attributes.uid), (6, root.attributes.gid)] {
            let position = try squashfs.position(inode, place)
            guard try owners[safe: Int(squashfs.number(at: position, bytes: 2))] != id else { continue }
            guard let index = owners.firstIndex(of: id) else {
                throw Failure(
                    .unavailable, "cannot give the root of the squashfs the owner \(id)",
                    why: "sqfstar before 4.6 makes it the owner who runs it, and no file is \(id)'s",
                    advice: "install squashfs-tools 4.6 or later, or export the image as a tar")
            }
            try squashfs.write(UInt64(index), at: position, bytes: 2)
        }
        // A half may lie in the next block.
        let time = UInt64(Self.time(of: root))
        for half in [UInt64(0), 2] {
            try squashfs.write(time >> (8 * half) & 0xFFFF, at: squashfs.position(inode, 8 + half), bytes: 2)
        }
    }

    /// Where in the file a byte of an inode lies.
    private func position(_ inode: UInt64, _ place: UInt64) throws -> UInt64 {
        let offset = (inode & 0xFFFF) + place
        let blocks = offset / Self.blockSize + 1
        return try number(at: 64, bytes: 8) + (inode >> 16) + offset + blocks * Self.lengthSize
    }

    /// The numbers that stand for users and groups.
    private func owners() throws -> [UInt64] {
        let index = try number(at: 48, bytes: 8)
        return try (0..<number(at: 26, bytes: 2)).map { owner in
            let block = try number(at: index + owner * 4 / Self.blockSize * 8, bytes: 8)
            return try number(at: block + Self.lengthSize + owner * 4 % Self.blockSize, bytes: 4)
        }
    }

    private func number(at position: UInt64, bytes count: Int) throws -> UInt64 {
        var bytes = [UInt8](repeating: 0, count: count)
        guard pread(descriptor, &bytes, count, off_t(position)) == count else {
            throw Failure.io("cannot read \(file)")
        }
        return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func write(_ number: UInt64, at position: UInt64, bytes count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        guard pwrite(descriptor, bytes, count, off_t(position)) == count else {
            throw Failure.io("cannot write \(file)")
        }
    }
}

extension [UInt64] {
    fileprivate subscript(safe index: Int) -> UInt64? { indices.contains(index) ? self[index] : nil }
}
