import ByteIO
import Errors
import Foundation
import Store
import SystemPackage
import Testing

@Suite("Links to directories")
struct DirectoryLinksTests {
    let directory: TreeDirectory
    let content: FilePath
    let storePath = "nix/store/\(String(repeating: "a", count: 32))-one"

    init() throws {
        directory = try TreeDirectory()
        try directory.write("content/real/file", "text")
        content = directory.place("content")
        try directory.write("outside/secret", "secret")
        try directory.write("\(storePath)/share/doc", "doc")
    }

    private func tree(entryLimit: Int = 1000, of path: FilePath? = nil) throws -> FileTree {
        let links = DirectoryLinks(StoreLocation(root: directory.path), entryLimit: entryLimit)
        return try FileTree.walk(path ?? content, following: links)
    }

    @Test("inside the content are replaced by the directories")
    func aLinkInsideBecomesTheDirectory() throws {
        try directory.link("content/link", to: "real")
        try directory.link("content/real/again", to: "../other")
        try directory.write("content/other/x", "x")
        let tree = try tree()
        #expect(
            tree.lines == [
                "directory 755 ", "directory 755 link", "directory 755 link/again", "file 644 link/again/x",
                "file 644 link/file", "directory 755 other", "file 644 other/x", "directory 755 real",
                "directory 755 real/again", "file 644 real/again/x", "file 644 real/file",
            ])
        #expect(try tree.contents(of: "link/file") == Array("text".utf8))
        #expect(try tree.contents(of: "link/again/x") == Array("x".utf8))
    }

    @Test("do not lead out of the content")
    func nothingOutsideComesInThroughALink() throws {
        try directory.link("content/a", to: directory.place("outside").string)
        try directory.link("content/b", to: "../outside")
        try directory.link("content/c", to: "../content/real")
        try directory.link("content/d", to: content.appending("real").string)
        try directory.link("content/e", to: "b")
        try directory.link("content/f", to: "/")
        try directory.link("content/g", to: "..")
        #expect(
            try tree().lines == [
                "directory 755 ", "link 777 a -> \(directory.place("outside"))", "link 777 b -> ../outside",
                "link 777 c -> ../content/real", "link 777 d -> \(content)/real", "link 777 e -> b", "link 777 f -> /",
                "link 777 g -> ..", "directory 755 real", "file 644 real/file",
            ])
    }

    @Test("into the store are replaced by directories of the store")
    func aLinkIntoTheStoreBecomesTheDirectoryThere() throws {
        try directory.link("content/a", to: "/\(storePath)/share")
        try directory.link("content/b", to: "../../\(storePath)/share")
        try directory.link("content/c", to: "/nix/store")
        try directory.link("content/d", to: "/nix")
        try directory.link("content/e", to: "/\(storePath)/out")
        try directory.link("\(storePath)/out", to: directory.place("outside").string)
        let tree = try tree()
        #expect(
            tree.lines.filter { !$0.contains(" real") } == [
                "directory 755 ", "directory 755 a", "file 644 a/doc", "directory 755 b", "file 644 b/doc",
                "link 777 c -> /nix/store", "link 777 d -> /nix", "link 777 e -> /\(storePath)/out",
            ])
        #expect(try tree.contents(of: "a/doc") == Array("doc".utf8))
    }

    @Test("in a store path lead only into the store")
    func aStorePathLeadsIntoTheStoreAlone() throws {
        try directory.link("\(storePath)/in", to: "share")
        try directory.link("\(storePath)/out", to: content.string)
        try directory.link("\(storePath)/up", to: "../../../content")
        #expect(
            try tree(of: directory.place(storePath)).lines == [
                "directory 755 ", "directory 755 in", "file 644 in/doc", "link 777 out -> \(content)",
                "directory 755 share",
                "file 644 share/doc", "link 777 up -> ../../../content",
            ])
    }

    @Test("are kept if they lead to files or are dangling")
    func linksToFilesAndToNothingStay() throws {
        try directory.link("content/a", to: "b/file")
        try directory.link("content/b", to: "a")
        try directory.link("content/c", to: "nowhere")
        try directory.link("content/d", to: "real/file")
        #expect(
            try tree().lines == [
                "directory 755 ", "link 777 a -> b/file", "link 777 b -> a", "link 777 c -> nowhere",
                "link 777 d -> real/file", "directory 755 real", "file 644 real/file",
            ])
    }

    @Test(
        "that lead back to a directory above them are an error",
        arguments: [("content/x", "."), ("content/real/x", "..")])
    func refusesADirectoryThatHoldsItself(_ name: String, _ target: String) throws {
        try directory.link(name, to: target)
        #expect(
            throws: ToolError(
                .data, "cannot copy the directory \(directory.place(name))",
                cause: "a link leads back to a directory above it, so that the copy would have no end",
                remedy: "set keepContentsDirlinks to true, so that links are kept, or leave the link out")
        ) { try tree() }
    }

    @Test("may add only a limited number of entries")
    func refusesLinksThatMultiply() throws {
        // Each directory has two links to the next, so that 2^n paths lead to the last.
        for number in 0..<5 {
            try directory.makeDirectory("content/f\(number)")
            for name in ["x", "y"] { try directory.link("content/f\(number)/\(name)", to: "../f\(number + 1)") }
        }
        try directory.makeDirectory("content/f5")
        // Besides the root, 2 and 6 directories and files: the directories f0 to f4 add 2 + 4 + … + 2^(5 - n) each.
        let all = (0..<5).map { (1 << (6 - $0)) - 2 }.reduce(0, +)
        #expect(try tree(entryLimit: all).entries.count == all + 9)
        #expect(
            throws: ToolError(
                .data, "cannot copy the directory \(content)",
                cause: "its links to directories add more than \(all - 1) files",
                remedy: "set keepContentsDirlinks to true, so that links are kept, or leave some of them out")
        ) { try tree(entryLimit: all - 1) }
    }
}
