import ByteIO
import Errors
import Foundation
import Glibc
import Store
import SystemPackage
import Testing

@Suite("A file tree")
struct FileTreeTests {
    let directory: TreeDirectory
    /// The number of /dev/null: major 1, minor 3.
    static let null: UInt64 = 0x103

    init() throws {
        directory = try TreeDirectory()
        try directory.setMode(0o755, of: "")
    }

    @Test("has directories before their entries, and siblings by PathOrder")
    func hasDirectoriesBeforeWhatTheyHoldAndSiblingsByPathOrder() throws {
        for name in ["a-b", "a/x", "a/b/c", "a.txt", "B", "ab", "é", "z"] { try directory.write(name, "") }
        let tree = try FileTree.walk(directory.path)
        #expect(
            tree.lines == [
                "directory 755 ", "file 644 B", "directory 755 a", "directory 755 a/b", "file 644 a/b/c",
                "file 644 a/x",
                "file 644 a-b", "file 644 a.txt", "file 644 ab", "file 644 z", "file 644 é",
            ])
        #expect(tree.entries.map(\.depth) == [0, 1, 1, 2, 3, 2, 1, 1, 1, 1, 1])
    }

    @Test("has the kinds and modes of all files")
    func tellsAllKindsAndModes() throws {
        try directory.write("empty", "")
        try directory.write("file", "four")
        try directory.write("secret", "x", mode: 0)
        try directory.write("set", "x", mode: 0o6755)
        try directory.makeDirectory("sticky")
        try directory.setMode(0o1777, of: "sticky")
        try directory.makeFIFO("fifo")
        try directory.link("link", to: "nowhere/at all")
        try directory.link("loop", to: "loop")
        try #require(mknod(directory.place("null").string, S_IFCHR | 0o600, dev_t(Self.null)) == 0)
        let socketEnd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socketEnd) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: directory.place("socket").string.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socketEnd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        try directory.setMode(0o755, of: "socket")

        let tree = try FileTree.walk(directory.path)
        #expect(
            tree.lines == [
                "directory 755 ", "file 644 empty", "fifo 644 fifo", "file 644 file", "link 777 link -> nowhere/at all",
                "link 777 loop -> loop", "characterDevice 600 null", "file 0 secret", "file 6755 set",
                "socket 755 socket", "directory 1777 sticky",
            ])
        #expect(tree.entries.map(\.size) == [0, 0, 0, 4, 14, 4, Self.null, 1, 1, 0, 0])
        #expect(tree.sockets == ["socket"])
        #expect(tree.linkTarget(of: tree.entries[4]) == Array("nowhere/at all".utf8))
        #expect(tree.name(of: tree.entries[4]) == "link")
        #expect(tree.name(of: tree.entries[0]) == "")
    }

    @Test("keeps names that are not UTF-8")
    func keepsNamesThatAreNoText() throws {
        // A byte that is not UTF-8 counts as U+DC00 + byte: after U+D7FF, before U+E000 and all beyond the basic plane.
        for name in [[0xFF], Array("\u{D7FF}".utf8), Array("\u{E000}".utf8), [0x61, 0x80], Array("\u{10000}".utf8)] {
            try directory.write(rawName: name)
        }
        #expect(
            try FileTree.walk(directory.path).lines == [
                "directory 755 ", "file 644 a\\x80", "file 644 \u{D7FF}", "file 644 \\xff", "file 644 \u{E000}",
                "file 644 \u{10000}",
            ])
    }

    @Test("may have a file or a link as its root")
    func takesAFileOrALinkForItsRoot() throws {
        try directory.write("file", "four")
        try directory.link("link", to: "file")
        let file = try FileTree.walk(directory.place("file"))
        #expect(file.lines == ["file 644 "])
        #expect(try file.contents(of: "") == Array("four".utf8))
        #expect(try FileTree.walk(directory.place("link")).lines == ["link 777  -> file"])
    }

    @Test("follows links only in the path of its root")
    func followsLinksOnTheWayToItsRootAlone() throws {
        try directory.write("real/tree/file", "x")
        try directory.link("way", to: "real")
        try directory.link("real/tree/out", to: "..")
        #expect(
            try FileTree.walk(directory.place("way/tree")).lines == [
                "directory 755 ", "file 644 file", "link 777 out -> ..",
            ])
    }

    @Test("may be deep and have large directories")
    func readsDeepTreesAndLargeDirectories() throws {
        let deep = (0..<600).map { _ in "d" }.joined(separator: "/")
        try directory.write("deep/\(deep)/file", "x")
        for number in 0..<3000 { try directory.write(rawName: Array("wide\(number)".utf8)) }
        let tree = try FileTree.walk(directory.path)
        #expect(tree.entries.count == 1 + 1 + 600 + 1 + 3000)
        #expect(tree.entries.map(\.depth).max() == 602)
        #expect(tree.lines[602] == "file 644 deep/\(deep)/file")
        #expect(try tree.contents(of: "deep/\(deep)/file") == [UInt8(ascii: "x")])
    }

    @Test("reports a missing path")
    func namesWhatIsNotThere() {
        let missing = directory.place("gone")
        #expect(throws: ToolError.io("cannot read \(missing)", .noSuchFileOrDirectory)) {
            try FileTree.walk(missing)
        }
        #expect(throws: ToolError.io("cannot read \(missing)/below", .noSuchFileOrDirectory)) {
            try FileTree.walk(missing.appending("below"))
        }
    }
}
