import ByteIO
import CLinux
import Errors
import Glibc
import SystemPackage
import Tar

/// The extended attributes of files that an image keeps.
///
/// These belong to the file and look the same to every user who can read it: those of programs (`user.`), file
/// capabilities and access control lists. The others belong to the machine, such as the labels of security modules, the
/// marks of overlays and attributes that only root can see; they are left out.
enum ExtendedAttributes {
    /// The largest size of a list of names and of a value, in bytes (XATTR_LIST_MAX and XATTR_SIZE_MAX of Linux).
    private static let limit = 65536

    /// Reads the attributes of a file, sorted by name. A link itself is read, not its target.
    ///
    /// - Parameter name: the path for errors.
    /// - Throws: `ToolError` with code `io` if they cannot be read, `data` for a name that a tar cannot have.
    static func read(_ path: UnsafePointer<CChar>, name: () -> FilePath) throws -> [TarXattr] {
        // Most files have no attributes, and many file systems do not support them.
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
                    .data, "cannot store the extended attribute '\(TerminalText.printable(attribute))' of \(name())",
                    cause: "a layer cannot have a name with '='",
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
    /// - Throws: `ToolError` with code `io` if it cannot be set, as most cannot by users other than root.
    static func set(_ xattr: TarXattr, of descriptor: Int32, name: () -> FilePath) throws {
        let terminated = xattr.name.map { CChar(bitPattern: $0) } + [0]
        guard clinux_set_xattr(descriptor, terminated, xattr.value, xattr.value.count) != 0 else { return }
        let error = Errno.current
        let message = "cannot set the extended attribute '\(TerminalText.printable(xattr.name))' of \(name())"
        guard error == .notPermitted else {
            throw ToolError.io(
                message, error,
                remedy: error == .notSupported
                    ? "set TMPDIR to a directory on a file system with extended attributes" : nil)
        }
        throw ToolError(
            .io, message, cause: "only root can set it (errno \(error.rawValue))",
            remedy: "run as root, or remove the scripts from the spec: without them no files are made on this machine")
    }

    /// True for the name of an attribute that an image keeps.
    static func isKept(_ name: some Collection<UInt8>) -> Bool {
        if name.starts(with: "user.".utf8) { return !name.starts(with: "user.overlay.".utf8) }
        return ["security.capability", "system.posix_acl_access", "system.posix_acl_default"]
            .contains { name.elementsEqual($0.utf8) }
    }

    /// The bytes that a system call writes to a buffer of `limit` bytes.
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
