import ByteIO
import Foundation
import Glibc
import Store
import SystemPackage
import Testing

@Suite("Merging trees")
struct TreeMergerTests {
    let directory: TreeDirectory

    init() throws { directory = try TreeDirectory() }

    private func tree(_ name: String) throws -> FileTree { try FileTree.walk(directory.place(name)) }

    /// A linked source with the logical path `/store/NAME`.
    private func linked(_ name: String) throws -> TreeMerger.Source {
        .linked(try tree(name), name: "\(name)-name", target: "/store/\(name)")
    }

    private func copied(_ name: String) throws -> TreeMerger.Source { .copied(try tree(name), name: name) }

    @Test("gives an empty directory for no trees")
    func isAnEmptyDirectoryOfNothing() throws {
        let merged = try TreeMerger.merge([])
        #expect(merged.tree.lines == ["directory 755 "])
        #expect(merged.clashes == [])
    }

    @Test("links files, keeps links and gives directories the mode 0755")
    func linksFilesKeepsLinksAndMakesDirectoriesPlain() throws {
        try directory.write("one/bin/tool", "x", mode: 0o555)
        try directory.link("one/bin/other", to: "tool")
        try directory.link("one/lib", to: "/elsewhere/lib")
        try directory.makeFIFO("one/pipe")
        try directory.setMode(0o500, of: "one/bin")
        let merged = try TreeMerger.merge([linked("one")])
        #expect(
            merged.tree.lines == [
                "directory 755 ", "directory 755 bin", "link 777 bin/other -> tool",
                "link 777 bin/tool -> /store/one/bin/tool", "link 777 lib -> /elsewhere/lib",
                "link 777 pipe -> /store/one/pipe",
            ])
        #expect(merged.clashes == [])
        #expect(merged.tree.fingerprint == nil)
        try directory.setMode(0o700, of: "one/bin")
    }

    @Test("copies directories with their modes")
    func copiesPlainDirectoriesWithTheirModes() throws {
        try directory.write("plain/etc/conf", "text", mode: 0o640)
        try directory.setMode(0o750, of: "plain/etc")
        try directory.setMode(0o700, of: "plain")
        let merged = try TreeMerger.merge([copied("plain")])
        // The root's mode is that of the image.
        #expect(merged.tree.lines == ["directory 755 ", "directory 750 etc", "file 640 etc/conf"])
        #expect(try merged.tree.contents(of: "etc/conf") == Array("text".utf8))
    }

    @Test("unites directories in order; the first of equal names wins")
    func mergesDirectoriesInOrderAndTheFirstOfEqualNamesWins() throws {
        try directory.write("one/bin/a", "1")
        try directory.write("one/bin/c", "1")
        try directory.write("two/bin/a", "2")
        try directory.write("two/bin/b", "2")
        try directory.write("two/bin-x", "2")
        let merged = try TreeMerger.merge([linked("one"), copied("two")])
        #expect(
            merged.tree.lines == [
                "directory 755 ", "directory 755 bin", "link 777 bin/a -> /store/one/bin/a", "file 644 bin/b",
                "link 777 bin/c -> /store/one/bin/c", "file 644 bin-x",
            ])
        #expect(merged.clashes == ["/bin/a"])
        #expect(try merged.tree.contents(of: "bin/b") == [UInt8(ascii: "2")])

        let reversed = try TreeMerger.merge([copied("two"), linked("one")])
        #expect(reversed.tree.lines[2] == "file 644 bin/a")
        #expect(try reversed.tree.contents(of: "bin/a") == [UInt8(ascii: "2")])
        #expect(reversed.clashes == ["/bin/a"])
    }

    @Test("keeps the mode of the first directory")
    func givesTheModeOfTheFirstDirectory() throws {
        try directory.write("one/sub/a", "")
        try directory.write("two/sub/b", "")
        try directory.setMode(0o711, of: "one/sub")
        try directory.setMode(0o1777, of: "two/sub")
        #expect(try TreeMerger.merge([copied("one"), copied("two")]).tree.lines[1] == "directory 711 sub")
        #expect(try TreeMerger.merge([copied("two"), copied("one")]).tree.lines[1] == "directory 1777 sub")
    }

    @Test("reports a clash of a file and a directory once")
    func tellsOfAFileAgainstADirectoryOnce() throws {
        try directory.write("one/x", "")
        try directory.write("two/x/y", "")
        try directory.write("three/x/z", "")
        let fileFirst = try TreeMerger.merge([linked("one"), linked("two"), linked("three")])
        #expect(fileFirst.tree.lines == ["directory 755 ", "link 777 x -> /store/one/x"])
        #expect(fileFirst.clashes == ["/x"])
        let directoryFirst = try TreeMerger.merge([linked("two"), linked("one"), linked("three")])
        #expect(
            directoryFirst.tree.lines == [
                "directory 755 ", "directory 755 x", "link 777 x/y -> /store/two/x/y",
                "link 777 x/z -> /store/three/x/z",
            ])
        #expect(directoryFirst.clashes == ["/x"])
    }

    @Test("does not unite a link to a directory with a directory")
    func aLinkToADirectoryIsNotMergedWithADirectory() throws {
        try directory.makeDirectory("one")
        try directory.link("one/lib", to: "lib64")
        try directory.write("two/lib/a", "")
        let merged = try TreeMerger.merge([linked("one"), linked("two")])
        #expect(merged.tree.lines == ["directory 755 ", "link 777 lib -> lib64"])
        #expect(merged.clashes == ["/lib"])
    }

    @Test("puts trees of a single file into the root")
    func putsRootsThatAreNoDirectoriesIntoTheRoot() throws {
        try directory.write("file", "text", mode: 0o600)
        try directory.link("link", to: "target")
        #expect(
            try TreeMerger.merge([copied("file")]).tree.lines == ["directory 755 ", "file 600 file"])
        #expect(
            try TreeMerger.merge([linked("link"), linked("file")]).tree.lines == [
                "directory 755 ", "link 777 file-name -> /store/file", "link 777 link-name -> target",
            ])
        let merged = try TreeMerger.merge([copied("file")])
        #expect(try merged.tree.contents(of: "file") == Array("text".utf8))
    }

    @Test("keeps names that are not UTF-8")
    func keepsNamesThatAreNoText() throws {
        try directory.makeDirectory("one")
        let inner = directory.place("one")
        let name = Array(inner.string.utf8) + Array("/".utf8) + [0x66, 0xFF, 0]
        let descriptor = name.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer {
            $0.baseAddress.map { creat($0, 0o644) } ?? -1
        }
        try #require(descriptor >= 0)
        close(descriptor)
        #expect(
            try TreeMerger.merge([linked("one")]).tree.lines == [
                "directory 755 ", "link 777 f\\xff -> /store/one/f\\xff",
            ])
    }
}
