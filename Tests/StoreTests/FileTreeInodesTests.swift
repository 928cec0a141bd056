import ByteIO
import Foundation
import Glibc
import Store
import SystemPackage
import Tar
import Testing

@Suite("Hard links and extended attributes of a tree")
struct FileTreeInodesTests {
    let directory: TreeDirectory
    let capability = [0x01, 0, 0, 0x02, 0, 0x04, 0, 0] + [UInt8](repeating: 0, count: 12)

    init() throws {
        directory = try TreeDirectory()
        try directory.write("tree/a", "a")
        try directory.write("tree/sub/b", "b")
        try FileManager.default.linkItem(
            atPath: directory.place("tree/a").string, toPath: directory.place("tree/sub/c").string)
        try set("user.z", "z", of: "tree/a")
        try set("user.b", "bb", of: "tree/a")
        try set("user.overlay.opaque", "y", of: "tree/a")
        try set("trusted.overlay.opaque", "y", of: "tree/sub")
        try set("user.s", "s", of: "tree/sub")
        try set("security.capability", String(decoding: capability, as: UTF8.self), of: "tree/sub/b")
    }

    /// Written with Python, which is independent of this program.
    private func set(_ name: String, _ value: String, of file: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        let script = "import os, sys; os.setxattr(sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3]))"
        let hex = value.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        process.arguments = ["python3", "-c", script, directory.place(file).string, name, hex]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    private func xattr(_ name: String, _ value: [UInt8]) -> TarXattr { TarXattr(name: Array(name.utf8), value: value) }

    private func check(_ tree: FileTree) {
        let ofA = [xattr("user.b", Array("bb".utf8)), xattr("user.z", Array("z".utf8))]
        #expect(
            tree.lines.map { $0.split(separator: " ").last.map(String.init) } == ["755", "a", "sub", "sub/b", "sub/c"])
        #expect(
            tree.entries.map { tree.xattrs(of: $0) } == [
                [], ofA, [xattr("user.s", Array("s".utf8))], [xattr("security.capability", capability)], ofA,
            ])
        let files = tree.entries.map { tree.file(of: $0) }
        #expect(files[1] != nil && files[1] == files[4])
        #expect(files[3] != files[1])
        #expect(files[0] == nil && files[2] == nil)
    }

    @Test("are read if requested")
    func readsNamesOfOneFileAndTheAttributesThatTheImageGets() throws {
        check(try FileTree.walk(directory.place("tree"), keeping: .linksAndAttributes))
    }

    @Test("are not read by default")
    func readsNeitherUnlessAsked() throws {
        let tree = try FileTree.walk(directory.place("tree"))
        #expect(tree.entries.allSatisfy { tree.file(of: $0) == nil && tree.xattrs(of: $0).isEmpty })
        let other = try FileTree.walk(directory.place("tree"), keeping: .linksAndAttributes)
        #expect(other.lines == tree.lines)
        #expect(other.fingerprint != tree.fingerprint)
    }

    @Test("are made on disk and kept by merging")
    func makesThemAnewAndMergesThem() throws {
        let tree = try FileTree.walk(directory.place("tree"), keeping: .linksAndAttributes)
        try directory.makeDirectory("made")
        try tree.make(in: directory.place("made"))
        check(try FileTree.walk(directory.place("made"), keeping: .linksAndAttributes))
        try directory.write("more/x", "x")
        try FileManager.default.linkItem(
            atPath: directory.place("more/x").string, toPath: directory.place("more/y").string)
        let more = try FileTree.walk(directory.place("more"), keeping: .linksAndAttributes)
        let merged = try TreeMerger.merge([.copied(tree, name: ""), .copied(more, name: "")], .laterWins).tree
        let files = merged.entries.map { merged.file(of: $0) }
        #expect(files.count == 7)
        #expect(files[1] == files[4] && files[5] == files[6] && files[1] != files[5] && files[5] != nil)
    }
}
