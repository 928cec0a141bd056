import Foundation
import SystemPackage
import Tar
import Testing

@testable import Store

struct TreeRedirectionTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["base/usr/bin", "tree"] { try folder.makeFolder(name) }
    }

    private func laid() throws -> FileTree {
        try FileTree(walking: folder.place("tree"), keeping: .linksAndAttributes)
            .laid(over: TreeIndex(FileTree(walking: folder.place("base"))))
    }

    @Test(arguments: ["usr/bin", "/usr/bin", "../usr/bin"])
    func whatAFolderHoldsGoesWhereTheBasesLinkLeads(_ target: String) throws {
        try folder.link("base/bin", to: target)
        try folder.setMode(0o1711, of: "base/usr/bin")
        try folder.write("tree/bin/a", "a")
        try folder.write("tree/other", "o")
        let tree = try laid()
        #expect(
            tree.lines == [
                "folder 755 ", "file 644 other", "folder 755 usr", "folder 1711 usr/bin", "file 644 usr/bin/a",
            ])
        #expect(try tree.contents(of: "usr/bin/a") == Array("a".utf8))
        #expect(try tree.contents(of: "other") == Array("o".utf8))
    }

    @Test func linksInFoldersBehindLinksAreFollowedToo() throws {
        try folder.link("base/lib", to: "usr")
        try folder.link("base/usr/x", to: "/deep/y")
        try folder.makeFolder("base/deep/y")
        try folder.write("tree/lib/x/f", "f")
        try folder.write("tree/lib/g", "g")
        let tree = try laid()
        #expect(
            tree.lines == [
                "folder 755 ", "folder 755 deep", "folder 755 deep/y", "file 644 deep/y/f", "folder 755 usr",
                "file 644 usr/g",
            ])
        #expect(try tree.contents(of: "deep/y/f") == Array("f".utf8))
        #expect(try tree.contents(of: "usr/g") == Array("g".utf8))
    }

    @Test func aLinkToTheRootLeadsThere() throws {
        try folder.link("base/self", to: "/")
        try folder.write("tree/self/self/etc/f", "f")
        let tree = try laid()
        #expect(tree.lines == ["folder 755 ", "folder 755 etc", "file 644 etc/f"])
        #expect(try tree.contents(of: "etc/f") == Array("f".utf8))
    }

    @Test func whatStandsThereInTheTreeWins() throws {
        try folder.link("base/bin", to: "usr/bin")
        try folder.write("tree/bin/a", "moved")
        try folder.write("tree/usr/bin/a", "stays")
        #expect(try laid().contents(of: "usr/bin/a") == Array("stays".utf8))
    }

    @Test func namesOfOneFileStayThatWhereSomeMove() throws {
        try folder.link("base/bin", to: "usr/bin")
        try folder.write("tree/bin/a", "a")
        try FileManager.default.linkItem(
            atPath: folder.place("tree/bin/a").string, toPath: folder.place("tree/b").string)
        let tree = try laid()
        let names = tree.entries.filter { $0.kind == .file }
        #expect(names.count == 2)
        #expect(Set(names.compactMap { tree.file(of: $0) }).count == 1)
        for name in ["usr/bin/a", "b"] { #expect(try tree.contents(of: name) == Array("a".utf8)) }
    }

    @Test func moreFoldersMoveThanDescriptorsAreOpen() throws {
        for number in 0..<100 {
            try folder.makeFolder("base/to\(number)")
            try folder.link("base/from\(number)", to: "to\(number)")
            try folder.write("tree/from\(number)/f", "\(number)")
        }
        let tree = try laid()
        #expect(tree.origins.count == 101)
        for number in 0..<100 { #expect(try tree.contents(of: "to\(number)/f") == Array("\(number)".utf8)) }
    }

    /// A base whose folder `etc` has owner, time and attributes.
    private struct Owned: BaseFolders {
        let folder: BaseFolder
        func resolve(_ path: [UInt8]) -> [UInt8]? { nil }
        func folder(at path: [UInt8]) -> BaseFolder? { path == Array("etc".utf8) ? folder : nil }
    }

    @Test func foldersOfTheBaseKeepWhatTheyHave() throws {
        try folder.write("tree/etc/sub/f", "")
        let xattrs = [TarXattr(name: Array("user.x".utf8), value: [1])]
        let attributes = TarAttributes(uid: 5, gid: 6, modified: TarTime(seconds: 9))
        let base = Owned(folder: BaseFolder(mode: 0o2750, xattrs: xattrs, attributes: attributes))
        let tree = try FileTree(walking: folder.place("tree")).laid(over: base)
        #expect(
            tree.lines == ["folder 755 ", "folder 2750 etc", "folder 755 etc/sub", "file 644 etc/sub/f"])
        #expect(tree.entries.map { tree.attributes(of: $0) } == [nil, attributes, nil, nil])
        #expect(tree.entries.map { tree.xattrs(of: $0) } == [[], xattrs, [], []])
        #expect(tree.fingerprint == nil)
    }
}
