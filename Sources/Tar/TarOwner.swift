/// The owner and the time that all entries of a layer bear.
public struct TarOwner: Hashable, Sendable {
    public var uid: UInt64
    public var gid: UInt64
    public var userName: String
    public var groupName: String
    /// Seconds since 1970; may be negative.
    public var modified: Int64

    public init(
        uid: UInt64 = 0, gid: UInt64 = 0, userName: String = "root", groupName: String = "root", modified: Int64 = 1
    ) {
        self.uid = uid
        self.gid = gid
        self.userName = userName
        self.groupName = groupName
        self.modified = modified
    }
}
