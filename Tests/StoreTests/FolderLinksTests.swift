import Failures
import Foundation
import Store
import SystemPackage
import Testing

struct FolderLinksTests {
    let folder: TemporaryFolder
    let content: FilePath
    let storePath = "nix/store/\(String(repeating: "a", count: 32))-one"

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("content/real/file", "text")
        content = folder.place("content")
        try folder.write("outside/secret", "secret")
        try folder.write("\(storePath)/share/doc", "doc")
    }

    private func tree(entryLimit: Int = 1000, of path: FilePath? = nil) throws -> FileTree {
        let links = FolderLinks(StoreLocation(root: folder.path), entryLimit: entryLimit)
        return try FileTree(walking: path ?? content, following: links)
    }

    @Test func aLinkInsideBecomesTheFolder() throws {
        try folder.link("content/link", to: "real")
        try folder.link("content/real/again", to: "../other")
        try folder.write("content/other/x", "x")
        let tree = try tree()
        #expect(
            tree.lines == [
                "folder 755 ", "folder 755 link", "folder 755 link/again", "file 644 link/again/x",
                "file 644 link/file", "folder 755 other", "file 644 other/x", "folder 755 real",
                "folder 755 real/again", "file 644 real/again/x", "file 644 real/file",
            ])
        #expect(try tree.contents(of: "link/file") == Array("text".utf8))
        #expect(try tree.contents(of: "link/again/x") == Array("x".utf8))
    }

    @Test func nothingOutsideComesInThroughALink() throws {
        try folder.link("content/a", to: folder.place("outside").string)
        try folder.link("content/b", to: "../outside")
        try folder.link("content/c", to: "../content/real")
        try folder.link("content/d", to: content.appending("real").string)
        try folder.link("content/e", to: "b")
        try folder.link("content/f", to: "/")
        try folder.link("content/g", to: "..")
        #expect(
            try tree().lines == [
                "folder 755 ", "link 777 a -> \(folder.place("outside"))", "link 777 b -> ../outside",
                "link 777 c -> ../content/real", "link 777 d -> \(content)/real", "link 777 e -> b", "link 777 f -> /",
                "link 777 g -> ..", "folder 755 real", "file 644 real/file",
            ])
    }

    @Test func aLinkIntoTheStoreBecomesTheFolderThere() throws {
        try folder.link("content/a", to: "/\(storePath)/share")
        try folder.link("content/b", to: "../../\(storePath)/share")
        try folder.link("content/c", to: "/nix/store")
        try folder.link("content/d", to: "/nix")
        try folder.link("content/e", to: "/\(storePath)/out")
        try folder.link("\(storePath)/out", to: folder.place("outside").string)
        let tree = try tree()
        #expect(
            tree.lines.filter { !$0.contains(" real") } == [
                "folder 755 ", "folder 755 a", "file 644 a/doc", "folder 755 b", "file 644 b/doc",
                "link 777 c -> /nix/store", "link 777 d -> /nix", "link 777 e -> /\(storePath)/out",
            ])
        #expect(try tree.contents(of: "a/doc") == Array("doc".utf8))
    }

    @Test func aStorePathLeadsIntoTheStoreAlone() throws {
        try folder.link("\(storePath)/in", to: "share")
        try folder.link("\(storePath)/out", to: content.string)
        try folder.link("\(storePath)/up", to: "../../../content")
        #expect(
            try tree(of: folder.place(storePath)).lines == [
                "folder 755 ", "folder 755 in", "file 644 in/doc", "link 777 out -> \(content)", "folder 755 share",
                "file 644 share/doc", "link 777 up -> ../../../content",
            ])
    }

    @Test func linksToFilesAndToNothingStay() throws {
        try folder.link("content/a", to: "b/file")
        try folder.link("content/b", to: "a")
        try folder.link("content/c", to: "nowhere")
        try folder.link("content/d", to: "real/file")
        #expect(
            try tree().lines == [
                "folder 755 ", "link 777 a -> b/file", "link 777 b -> a", "link 777 c -> nowhere",
                "link 777 d -> real/file", "folder 755 real", "file 644 real/file",
            ])
    }

    @Test(arguments: [("content/x", "."), ("content/real/x", "..")])
    func refusesAFolderThatHoldsItself(_ name: String, _ target: String) throws {
        try folder.link(name, to: target)
        #expect(
            throws: Failure(
                .data, "cannot copy the folder \(folder.place(name))",
                why: "a link leads back to a folder that it lies in: it would hold itself for ever",
                advice: "set keepContentsDirlinks to true, so that links stay links, or leave the link out")
        ) { try tree() }
    }

    @Test func refusesLinksThatMultiply() throws {
        // Each folder has two links to the next: 2^n ways to the last.
        for number in 0..<5 {
            try folder.makeFolder("content/f\(number)")
            for name in ["x", "y"] { try folder.link("content/f\(number)/\(name)", to: "../f\(number + 1)") }
        }
        try folder.makeFolder("content/f5")
        // Besides the root, 2 and 6 folders and files: the folders f0 to f4 bring 2 + 4 + … + 2^(5 - n) each.
        let all = (0..<5).map { (1 << (6 - $0)) - 2 }.reduce(0, +)
        #expect(try tree(entryLimit: all).entries.count == all + 9)
        #expect(
            throws: Failure(
                .data, "cannot copy the folder \(content)",
                why: "the links to folders in it bring more than \(all - 1) files",
                advice: "set keepContentsDirlinks to true, so that links stay links, or leave some of them out")
        ) { try tree(entryLimit: all - 1) }
    }
}
