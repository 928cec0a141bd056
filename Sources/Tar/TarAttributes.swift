/// Owner and time of one entry, as another archive had them.
public struct TarAttributes: Hashable, Sendable {
    public var uid: UInt64
    public var gid: UInt64
    public var userName: [UInt8]
    public var groupName: [UInt8]
    public var modified: TarTime

    public init(
        uid: UInt64 = 0, gid: UInt64 = 0, userName: [UInt8] = [], groupName: [UInt8] = [],
        modified: TarTime = TarTime(seconds: 0)
    ) {
        self.uid = uid
        self.gid = gid
        self.userName = userName
        self.groupName = groupName
        self.modified = modified
    }

    /// The same for all entries of a layer.
    init(_ owner: TarOwner) {
        self.init(
            uid: owner.uid, gid: owner.gid, userName: Array(owner.userName.utf8),
            groupName: Array(owner.groupName.utf8),
            modified: TarTime(seconds: owner.modified))
    }
}
