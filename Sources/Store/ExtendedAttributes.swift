import ByteIO
import CLinux
import Errors
import Glibc
import SystemPackage
import Tar

/// The extended attributes of files that an image takes along.
///
/// These are the ones that belong to the file, and that every user who may read it sees alike: those of programs
/// (`user.`), file capabilities, and access control lists. All others belong to the machine: the labels of its security
/// modules, what overlays note for themselves, what root alone can see.
enum ExtendedAttributes {
    /// The most bytes of a list of names, and of a value (XATTR_LIST_MAX and XATTR_SIZE_MAX of Linux).
    private static let limit = 65536

    /// The attributes of what stands at a path, by name. A last component that is a link is not followed.
    ///
    /// - Parameter name: the path for errors.
    /// - Throws: `ToolError` with code `io` if they cannot be read, `data` for a name that no tar can hold.
    static func read(_ path: UnsafePointer<CChar>, name: () -> FilePath) throws -> [TarXattr] {
        // Most files have none, and many file systems neither.
        let size = clinux_list_xattrs(path, nil, 0)
        if size == 0 || size < 0 && errno == ENOTSUP { return [] }
        let names: [UInt8]
        do {
            names = try bytes { clinux_list_xattrs(path, $0, limit) }
        } catch {
            throw ToolError.io("cannot read the extended attributes of \(name())", error)
        }
        var found: [TarXattr] = []
        for attribute in names.split(separator: 0) where isKept(attribute) {
            guard !attribute.contains(UInt8(ascii: "=")) else {
                throw ToolError(
                    .data, "cannot take the extended attribute '\(TerminalText.printable(attribute))' of \(name())",
                    cause: "no layer can hold a name with '='",
                    remedy: "remove it with setfattr(1), or leave the file out")
            }
            let terminated = attribute.map { CChar(bitPattern: $0) } + [0]
            do {
                let value = try bytes { clinux_get_xattr(path, terminated, $0, limit) }
                found.append(TarXattr(name: Array(attribute), value: value))
            } catch {
                throw ToolError.io(
                    "cannot read the extended attribute '\(TerminalText.printable(attribute))' of \(name())", error)
            }
        }
        return found.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    /// Sets an attribute of an open file.
    ///
    /// - Parameter name: the file's path for errors.
    /// - Throws: `ToolError` with code `io` if it cannot be set, as most of them cannot by users other than root.
    static func set(_ xattr: TarXattr, of descriptor: Int32, name: () -> FilePath) throws {
        let terminated = xattr.name.map { CChar(bitPattern: $0) } + [0]
        guard clinux_set_xattr(descriptor, terminated, xattr.value, xattr.value.count) != 0 else { return }
        let error = Errno.current
        let what = "cannot set the extended attribute '\(TerminalText.printable(xattr.name))' of \(name())"
        guard error == .notPermitted else {
            throw ToolError.io(
                what, error,
                remedy: error == .notSupported ? "set TMPDIR to a file system that has extended attributes" : nil)
        }
        throw ToolError(
            .io, what, cause: "only root may set it (errno \(error.rawValue))",
            remedy: "run as root, or leave out the commands: without them no file has to be made")
    }

    static func isKept(_ name: some Collection<UInt8>) -> Bool {
        if name.starts(with: "user.".utf8) { return !name.starts(with: "user.overlay.".utf8) }
        return ["security.capability", "system.posix_acl_access", "system.posix_acl_default"]
            .contains { name.elementsEqual($0.utf8) }
    }

    /// What a system call writes to a buffer of `limit` bytes.
    private static func bytes(_ call: (UnsafeMutableRawPointer?) -> Int) throws(Errno) -> [UInt8] {
        var error: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            let length = call(buffer.baseAddress)
            if length < 0 { error = .current }
            count = max(0, length)
        }
        if let error { throw error }
        return bytes
    }
}
