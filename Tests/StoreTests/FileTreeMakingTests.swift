import ByteIO
import Errors
import Foundation
import Glibc
import Store
import SystemPackage
import Testing

@Suite("Making the files of a tree")
struct FileTreeMakingTests {
    let source: TreeDirectory
    let target: TreeDirectory

    init() throws {
        (source, target) = (try TreeDirectory(), try TreeDirectory())
        for directory in [source, target] { try directory.setMode(0o755, of: "") }
    }

    @Test("makes files, directories and links with their modes")
    func makesFilesDirectoriesAndLinksWithTheirModes() throws {
        try source.write("a/b/file", "contents", mode: 0o4711)
        try source.write("a/empty", "", mode: 0)
        try source.write(rawName: [0x78, 0xFF])
        try source.link("a/link", to: "../nowhere")
        try source.write("large", [UInt8](repeating: 5, count: 3_000_000))
        try source.setMode(0o555, of: "a/b")
        try source.setMode(0o1770, of: "a")
        let before = umask(0o077)
        defer { umask(before) }
        let tree = try FileTree.walk(source.path)
        try tree.make(in: target.path)
        let made = try FileTree.walk(target.path)
        #expect(made.lines == tree.lines)
        #expect(made.entries.map(\.size) == tree.entries.map(\.size))
        #expect(try made.contents(of: "a/b/file") == Array("contents".utf8))
        let large = try Data(contentsOf: URL(filePath: target.place("large").string))
        #expect(large == Data(repeating: 5, count: 3_000_000))
    }

    @Test("works for a merged tree")
    func makesWhatWasMerged() throws {
        try source.write("one/file", "1")
        try source.write("two/file", "2")
        try source.write("two/other", "2")
        let merged = try TreeMerger.merge([
            .linked(try FileTree.walk(source.place("one")), name: "one", target: "/store/one"),
            .copied(try FileTree.walk(source.place("two")), name: "two"),
        ]).tree
        try merged.make(in: target.path)
        #expect(
            try FileTree.walk(target.path).lines == [
                "directory 755 ", "link 777 file -> /store/one/file", "file 644 other",
            ])
    }

    @Test("leaves out sockets; devices and FIFOs are an error")
    func leavesSocketsOutAndRefusesDevicesAndFIFOs() throws {
        try source.makeFIFO("fifo")
        let tree = try FileTree.walk(source.path)
        #expect(
            throws: ToolError(
                .data, "cannot make \(target.place("fifo"))",
                cause: "it is a device or a FIFO, which scripts on this machine cannot have",
                remedy: "leave it out of contents, or remove the scripts from the spec")
        ) { try tree.make(in: target.path) }
        #expect(try FileTree.walk(target.path).lines == ["directory 755 "])
    }

    @Test("does not follow links that replace a directory")
    func followsNoLinkThatIsInTheWay() throws {
        let elsewhere = try TreeDirectory()
        try source.write("sub/file", "contents")
        try target.link("sub", to: elsewhere.path.string)
        let tree = try FileTree.walk(source.path)
        #expect(throws: ToolError.io("cannot make \(target.place("sub"))", .fileExists)) {
            try tree.make(in: target.path)
        }
        #expect(try FileTree.walk(elsewhere.path).entries.count == 1)
    }

    @Test("reports the path of a file that cannot be read")
    func namesWhatCannotBeRead() throws {
        try source.write("file", "contents")
        let tree = try FileTree.walk(source.path)
        try #require(unlink(source.place("file").string) == 0)
        #expect(throws: ToolError.io("cannot open \(source.place("file"))", .noSuchFileOrDirectory)) {
            try tree.make(in: target.path)
        }
        #expect(throws: ToolError.io("cannot open the directory \(target.place("gone"))", .noSuchFileOrDirectory)) {
            try tree.make(in: target.place("gone"))
        }
    }
}
