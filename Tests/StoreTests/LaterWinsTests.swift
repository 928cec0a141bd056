import Foundation
import Store
import SystemPackage
import Testing

struct LaterWinsTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// `one`, `two` and so on laid over one another.
    private func merge(_ names: [String], _ policy: MergePolicy = .laterWins) throws -> (tree: FileTree, clashes: [String])
    {
        try TreeMerger.merge(
            names.map { .copied(try FileTree(walking: folder.place($0)), name: $0) }, policy)
    }

    @Test func theLaterFileTakesThePlaceOfTheEarlier() throws {
        try folder.write("one/bin/a", "1")
        try folder.write("one/bin/b", "1")
        try folder.write("two/bin/a", "2", mode: 0o755)
        try folder.setMode(0o711, of: "two/bin")
        let merged = try merge(["one", "two"])
        #expect(merged.tree.lines == ["folder 755 ", "folder 711 bin", "file 755 bin/a", "file 644 bin/b"])
        #expect(merged.clashes == [])
        #expect(try merged.tree.contents(of: "bin/a") == Array("2".utf8))
        #expect(try merged.tree.contents(of: "bin/b") == Array("1".utf8))
    }

    @Test func filesAndFoldersReplaceOneAnother() throws {
        try folder.write("one/x/a", "1")
        try folder.write("two/x", "2")
        try folder.write("three/x/b", "3")
        let file = try merge(["one", "two"])
        #expect(file.tree.lines == ["folder 755 ", "file 644 x"])
        #expect(file.clashes == ["/x"])
        let inFolder = try merge(["one", "two", "three"])
        #expect(inFolder.tree.lines == ["folder 755 ", "folder 755 x", "file 644 x/b"])
        #expect(inFolder.clashes == ["/x"])
    }

    @Test func linksAreThingsLikeAllOthers() throws {
        for name in ["one", "two"] { try folder.makeFolder(name) }
        try folder.link("one/a", to: "b")
        try folder.write("two/a/x", "2")
        try folder.write("one/c/x", "1")
        try folder.link("two/c", to: "b")
        let merged = try merge(["one", "two"])
        #expect(merged.tree.lines == ["folder 755 ", "folder 755 a", "file 644 a/x", "link 777 c -> b"])
        #expect(merged.clashes == ["/a", "/c"])
    }

    @Test(arguments: ["usr/lib", "/usr/lib", "/../usr/./lib", "usr/share/../lib", "first"])
    func aFolderGoesThroughAnEarlierLink(_ target: String) throws {
        try folder.write("one/usr/lib/a", "1")
        try folder.makeFolder("one/usr/share")
        try folder.link("one/lib", to: target)
        try folder.link("one/first", to: "usr/lib")
        try folder.write("two/lib/b", "2")
        try folder.write("two/lib/deep/c", "3")
        let merged = try merge(["one", "two"], .laterWinsThroughLinks)
        #expect(
            merged.tree.lines == [
                "folder 755 ", "link 777 first -> usr/lib", "link 777 lib -> \(target)", "folder 755 usr",
                "folder 755 usr/lib", "file 644 usr/lib/a", "file 644 usr/lib/b", "folder 755 usr/lib/deep",
                "file 644 usr/lib/deep/c", "folder 755 usr/share",
            ])
        #expect(merged.clashes == [])
        for (name, text) in [("a", "1"), ("b", "2"), ("deep/c", "3")] {
            #expect(try merged.tree.contents(of: "usr/lib/\(name)") == Array(text.utf8))
        }
    }

    @Test(arguments: ["file", "nowhere", "lib", "loop"])
    func aLinkToNoFolderIsReplaced(_ target: String) throws {
        try folder.write("one/file", "1")
        try folder.link("one/lib", to: target)
        try folder.link("one/loop", to: "lib")
        try folder.write("two/lib/b", "2")
        let merged = try merge(["one", "two"], .laterWinsThroughLinks)
        #expect(
            merged.tree.lines == [
                "folder 755 ", "file 644 file", "folder 755 lib", "file 644 lib/b", "link 777 loop -> lib",
            ])
        #expect(merged.clashes == ["/lib"])
    }
}
