import ByteIO
import Foundation
import Store
import SystemPackage
import Testing

@Suite("Merging trees where the last one wins")
struct LaterWinsTests {
    let directory: TreeDirectory

    init() throws { directory = try TreeDirectory() }

    /// Merges the directories with the given names.
    private func merge(
        _ names: [String], _ policy: MergePolicy = .laterWins
    ) throws -> (tree: FileTree, clashes: [String]) {
        try TreeMerger.merge(
            names.map { .copied(try FileTree.walk(directory.place($0)), name: $0) }, policy)
    }

    @Test("replaces earlier files by later ones")
    func theLaterFileTakesThePlaceOfTheEarlier() throws {
        try directory.write("one/bin/a", "1")
        try directory.write("one/bin/b", "1")
        try directory.write("two/bin/a", "2", mode: 0o755)
        try directory.setMode(0o711, of: "two/bin")
        let merged = try merge(["one", "two"])
        #expect(merged.tree.lines == ["directory 755 ", "directory 711 bin", "file 755 bin/a", "file 644 bin/b"])
        #expect(merged.clashes == [])
        #expect(try merged.tree.contents(of: "bin/a") == Array("2".utf8))
        #expect(try merged.tree.contents(of: "bin/b") == Array("1".utf8))
    }

    @Test("lets files and directories replace each other")
    func filesAndDirectoriesReplaceOneAnother() throws {
        try directory.write("one/x/a", "1")
        try directory.write("two/x", "2")
        try directory.write("three/x/b", "3")
        let file = try merge(["one", "two"])
        #expect(file.tree.lines == ["directory 755 ", "file 644 x"])
        #expect(file.clashes == ["/x"])
        let inDirectory = try merge(["one", "two", "three"])
        #expect(inDirectory.tree.lines == ["directory 755 ", "directory 755 x", "file 644 x/b"])
        #expect(inDirectory.clashes == ["/x"])
    }

    @Test("treats links like other files")
    func linksAreThingsLikeAllOthers() throws {
        for name in ["one", "two"] { try directory.makeDirectory(name) }
        try directory.link("one/a", to: "b")
        try directory.write("two/a/x", "2")
        try directory.write("one/c/x", "1")
        try directory.link("two/c", to: "b")
        let merged = try merge(["one", "two"])
        #expect(merged.tree.lines == ["directory 755 ", "directory 755 a", "file 644 a/x", "link 777 c -> b"])
        #expect(merged.clashes == ["/a", "/c"])
    }

    @Test(
        "lets a directory follow an earlier link to a directory",
        arguments: ["usr/lib", "/usr/lib", "/../usr/./lib", "usr/share/../lib", "first"])
    func aDirectoryGoesThroughAnEarlierLink(_ target: String) throws {
        try directory.write("one/usr/lib/a", "1")
        try directory.makeDirectory("one/usr/share")
        try directory.link("one/lib", to: target)
        try directory.link("one/first", to: "usr/lib")
        try directory.write("two/lib/b", "2")
        try directory.write("two/lib/deep/c", "3")
        let merged = try merge(["one", "two"], .laterWinsThroughLinks)
        #expect(
            merged.tree.lines == [
                "directory 755 ", "link 777 first -> usr/lib", "link 777 lib -> \(target)", "directory 755 usr",
                "directory 755 usr/lib", "file 644 usr/lib/a", "file 644 usr/lib/b", "directory 755 usr/lib/deep",
                "file 644 usr/lib/deep/c", "directory 755 usr/share",
            ])
        #expect(merged.clashes == [])
        for (name, text) in [("a", "1"), ("b", "2"), ("deep/c", "3")] {
            #expect(try merged.tree.contents(of: "usr/lib/\(name)") == Array(text.utf8))
        }
    }

    @Test("replaces a link that does not lead to a directory", arguments: ["file", "nowhere", "lib", "loop"])
    func aLinkToNoDirectoryIsReplaced(_ target: String) throws {
        try directory.write("one/file", "1")
        try directory.link("one/lib", to: target)
        try directory.link("one/loop", to: "lib")
        try directory.write("two/lib/b", "2")
        let merged = try merge(["one", "two"], .laterWinsThroughLinks)
        #expect(
            merged.tree.lines == [
                "directory 755 ", "file 644 file", "directory 755 lib", "file 644 lib/b", "link 777 loop -> lib",
            ])
        #expect(merged.clashes == ["/lib"])
    }
}
