import ByteIO
import CGuest
import Errors
import Glibc
import Tar

/// Unpacks the host's tar of the contents into the layer's directory.
struct ContentsUnpacker {
    private let directory: String

    init(into directory: String) {
        self.directory = directory
    }

    /// Unpacks all members, with their owners, modes, times and extended attributes.
    ///
    /// - Throws: `ToolError` with code `io` if a file cannot be made.
    func unpack(_ source: any ByteSource) throws {
        let reader = TarReader(source, archive: "the contents")
        var directories: [(path: CPath, modified: TarTime)] = []
        while let member = try reader.next() {
            let name = member.path.reversed().drop { $0 == UInt8(ascii: "/") }.reversed()
            let path = self.path(Array(name))
            guard try make(member, at: path, reader) else { throw ToolError.io("cannot make \(path)") }
            if member.kind == .hardLink { continue }
            guard lchown(path.chars, uid_t(truncatingIfNeeded: member.uid), gid_t(truncatingIfNeeded: member.gid)) == 0,
                member.kind == .symbolicLink || chmod(path.chars, mode_t(member.mode)) == 0
            else { throw ToolError.io("cannot set the owner and mode of \(path)") }
            for xattr in member.xattrs {
                let isSet = xattr.value.withUnsafeBytes {
                    cguest_set_xattr(path.chars, String(decoding: xattr.name, as: UTF8.self), $0.baseAddress, $0.count)
                }
                guard isSet == 0 else { throw ToolError.io("cannot set the extended attributes of \(path)") }
            }
            if member.kind == .directory { directories.append((path, member.modified)) }
            try setTime(of: path, member.modified)
        }
        // Files that were made in a directory have changed its time.
        for (path, modified) in directories.reversed() { try setTime(of: path, modified) }
    }

    /// The path of a member, whose name need not be UTF-8.
    private func path(_ name: [UInt8]) -> CPath { CPath(Array("\(directory)/".utf8) + name) }

    /// Makes a member's file.
    ///
    /// - Returns: false if a system call failed; errno has the reason.
    private func make(_ member: TarMember, at path: CPath, _ reader: TarReader) throws -> Bool {
        let device = cguest_device(member.deviceMajor, member.deviceMinor)
        switch member.kind {
        case .directory: return mkdir(path.chars, 0o700) == 0 || errno == EEXIST
        case .symbolicLink: return symlink(CPath(member.linkTarget).chars, path.chars) == 0
        case .hardLink: return link(self.path(member.linkTarget).chars, path.chars) == 0
        case .fifo: return mkfifo(path.chars, 0o600) == 0
        case .characterDevice: return mknod(path.chars, S_IFCHR | 0o600, device) == 0
        case .blockDevice: return mknod(path.chars, S_IFBLK | 0o600, device) == 0
        case .file:
            let descriptor = open(path.chars, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return false }
            defer { close(descriptor) }
            let writer = DescriptorWriter(descriptor, name: path.description)
            let buffer = BlockBuffer(capacity: writer.bufferSize)
            while case let count = try reader.read(into: buffer.room), count > 0 {
                try writer.write(UnsafeRawBufferPointer(rebasing: buffer.room[..<count]))
            }
            return true
        }
    }

    private func setTime(of path: CPath, _ modified: TarTime) throws {
        let time = timespec(tv_sec: Int(modified.seconds), tv_nsec: Int(modified.nanoseconds))
        guard utimensat(AT_FDCWD, path.chars, [time, time], AT_SYMLINK_NOFOLLOW) == 0 else {
            throw ToolError.io("cannot set the time of \(path)")
        }
    }
}
