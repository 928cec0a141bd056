/// An extended attribute of a file, such as `security.capability` (xattr(7)): bytes that Linux gives a meaning, or a
/// program.
public struct TarXattr: Hashable, Sendable {
    /// With its namespace: `user.mime_type`.
    public var name: [UInt8]
    public var value: [UInt8]

    public init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }

    /// What stands before the name in the key of its PAX record.
    ///
    /// Source: star(1), "SCHILY.xattr"; GNU tar, Go's `archive/tar` and Docker write and read the same.
    static let keyPrefix: StaticString = "SCHILY.xattr."
}
