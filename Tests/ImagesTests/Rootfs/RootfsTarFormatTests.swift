import ByteIO
import Errors
import Images
import Tar
import TestSupport
import Testing

@Suite("The tar of a root filesystem for a squashfs")
struct RootfsTarFormatTests {
    private func members(_ entries: [CraftedEntry]) throws -> [TarMember] {
        let sink = MemorySink()
        _ = try RootfsWriter.write(CraftedLayers.tree([entries]), form: .squashfs, to: sink)
        let reader = TarReader(MemorySource(sink.bytes), archive: "the flat tar")
        var members: [TarMember] = []
        while let member = try reader.next() { members.append(member) }
        return members
    }

    @Test("has no root, and names without ./")
    func names() throws {
        let long = String(repeating: "n", count: 120)
        let members = try members([
            .directory("."), .directory(long), .file("\(long)/f", "x"), .hardLink("\(long)/g", "\(long)/f"),
            .link("l", "./../\(long)"),
        ])
        #expect(
            members.map { String(decoding: $0.path + [0x20] + $0.linkTarget, as: UTF8.self) } == [
                "l ./../\(long)", "\(long)/ ", "\(long)/f ", "\(long)/g \(long)/f",
            ])
    }

    @Test(
        "has times in squashfs's range, and no names of owners",
        arguments: [(-5, 0), (5, 5), (1 << 33, 4_294_967_295)] as [(Int64, Int64)])
    func times(given: Int64, written: Int64) throws {
        var file = CraftedEntry.file("f")
        file.attributes = TarAttributes(
            uid: 4_294_967_295, gid: 3_000_000, userName: Array("root".utf8), groupName: Array("ü".utf8),
            modified: TarTime(seconds: given, nanoseconds: 5))
        let member = try #require(try members([file]).first)
        #expect(member.modified == TarTime(seconds: written))
        #expect([member.uid, member.gid] == [4_294_967_295, 3_000_000])
        #expect(member.userName + member.groupName == [])
    }

    @Test("has the attributes that a squashfs can contain, and lists the paths of others")
    func xattrs() throws {
        func xattr(_ name: String) -> TarXattr { TarXattr(name: Array(name.utf8), value: [1]) }
        var (root, file, kept) = (CraftedEntry.directory("."), CraftedEntry.file("f"), CraftedEntry.file("kept"))
        root.xattrs = [xattr("user.root")]
        file.xattrs = [xattr("user.a"), xattr("system.posix_acl_access"), xattr("security.capability")]
        kept.xattrs = [xattr("trusted.b")]
        let tree = try CraftedLayers.tree([[root, file, kept]])
        #expect(tree.pathsLosingXattrs(in: .squashfs) == [[], [0x66]])
        #expect(tree.pathsLosingXattrs(in: .portable) == [])
        let members = try members([root, file, kept])
        #expect(
            members.map { $0.xattrs.map { String(decoding: $0.name, as: UTF8.self) } } == [
                ["user.a", "security.capability"], ["trusted.b"],
            ])
    }

    @Test("is refused for numbers of owners and devices that are too large")
    func refusals() throws {
        var owned = CraftedEntry.file("d/owned")
        owned.attributes.gid = 1 << 32
        var device = CraftedEntry(path: Array("d/device".utf8), kind: .characterDevice)
        for (numbers, isRefused) in [((4095, 1_048_575), false), ((4096, 0), true), ((0, 1_048_576), true)] {
            device.device = (UInt32(numbers.0), UInt32(numbers.1))
            guard isRefused else {
                #expect(try members([device]).last?.deviceMinor == device.device.minor)
                continue
            }
            let failure = try #require(throws: ToolError.self) { try members([device]) }
            #expect(failure.code == .data)
            #expect(failure.message == "cannot put '/d/device' into a squashfs")
            #expect(failure.cause.contains("\(numbers.0):\(numbers.1)"))
        }
        let failure = try #require(throws: ToolError.self) { try members([owned]) }
        #expect(failure.message == "cannot put '/d/owned' into a squashfs")
        #expect(failure.cause == "its owner is 0:4294967296, and the largest number is 4294967295")
    }
}
