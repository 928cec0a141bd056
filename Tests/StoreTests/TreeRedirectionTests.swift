import ByteIO
import Foundation
import SystemPackage
import Tar
import Testing

@testable import Store

@Suite("A tree laid over a base")
struct TreeRedirectionTests {
    let directory: TreeDirectory

    init() throws {
        directory = try TreeDirectory()
        for name in ["base/usr/bin", "tree"] { try directory.makeDirectory(name) }
    }

    private func laid() throws -> FileTree {
        try FileTree.walk(directory.place("tree"), keeping: .linksAndAttributes)
            .laid(over: TreeIndex(FileTree.walk(directory.place("base"))))
    }

    @Test(
        "moves a directory's entries to the target of the base's link",
        arguments: ["usr/bin", "/usr/bin", "../usr/bin"])
    func whatADirectoryHoldsGoesWhereTheBasesLinkLeads(_ target: String) throws {
        try directory.link("base/bin", to: target)
        try directory.setMode(0o1711, of: "base/usr/bin")
        try directory.write("tree/bin/a", "a")
        try directory.write("tree/other", "o")
        let tree = try laid()
        #expect(
            tree.lines == [
                "directory 755 ", "file 644 other", "directory 755 usr", "directory 1711 usr/bin", "file 644 usr/bin/a",
            ])
        #expect(try tree.contents(of: "usr/bin/a") == Array("a".utf8))
        #expect(try tree.contents(of: "other") == Array("o".utf8))
    }

    @Test("follows links in the targets of links")
    func linksInDirectoriesBehindLinksAreFollowedToo() throws {
        try directory.link("base/lib", to: "usr")
        try directory.link("base/usr/x", to: "/deep/y")
        try directory.makeDirectory("base/deep/y")
        try directory.write("tree/lib/x/f", "f")
        try directory.write("tree/lib/g", "g")
        let tree = try laid()
        #expect(
            tree.lines == [
                "directory 755 ", "directory 755 deep", "directory 755 deep/y", "file 644 deep/y/f",
                "directory 755 usr",
                "file 644 usr/g",
            ])
        #expect(try tree.contents(of: "deep/y/f") == Array("f".utf8))
        #expect(try tree.contents(of: "usr/g") == Array("g".utf8))
    }

    @Test("follows a link to the root")
    func aLinkToTheRootLeadsThere() throws {
        try directory.link("base/self", to: "/")
        try directory.write("tree/self/self/etc/f", "f")
        let tree = try laid()
        #expect(tree.lines == ["directory 755 ", "directory 755 etc", "file 644 etc/f"])
        #expect(try tree.contents(of: "etc/f") == Array("f".utf8))
    }

    @Test("keeps its own entries at the target of a link")
    func whatStandsThereInTheTreeWins() throws {
        try directory.link("base/bin", to: "usr/bin")
        try directory.write("tree/bin/a", "moved")
        try directory.write("tree/usr/bin/a", "stays")
        #expect(try laid().contents(of: "usr/bin/a") == Array("stays".utf8))
    }

    @Test("keeps hard links when some of their names move")
    func namesOfOneFileStayThatWhereSomeMove() throws {
        try directory.link("base/bin", to: "usr/bin")
        try directory.write("tree/bin/a", "a")
        try FileManager.default.linkItem(
            atPath: directory.place("tree/bin/a").string, toPath: directory.place("tree/b").string)
        let tree = try laid()
        let names = tree.entries.filter { $0.kind == .file }
        #expect(names.count == 2)
        #expect(Set(names.compactMap { tree.file(of: $0) }).count == 1)
        for name in ["usr/bin/a", "b"] { #expect(try tree.contents(of: name) == Array("a".utf8)) }
    }

    @Test("can move more directories than descriptors are kept")
    func moreDirectoriesMoveThanDescriptorsAreOpen() throws {
        for number in 0..<100 {
            try directory.makeDirectory("base/to\(number)")
            try directory.link("base/from\(number)", to: "to\(number)")
            try directory.write("tree/from\(number)/f", "\(number)")
        }
        let tree = try laid()
        #expect(tree.origins.count == 101)
        for number in 0..<100 { #expect(try tree.contents(of: "to\(number)/f") == Array("\(number)".utf8)) }
    }

    /// A base with a directory `etc` that has an owner, a time and attributes.
    private struct Owned: BaseDirectories {
        let directory: BaseDirectory
        func resolve(_ path: [UInt8]) -> [UInt8]? { nil }
        func directory(at path: [UInt8]) -> BaseDirectory? { path == Array("etc".utf8) ? directory : nil }
    }

    @Test("keeps the metadata of the base's directories")
    func directoriesOfTheBaseKeepWhatTheyHave() throws {
        try directory.write("tree/etc/sub/f", "")
        let xattrs = [TarXattr(name: Array("user.x".utf8), value: [1])]
        let attributes = TarAttributes(uid: 5, gid: 6, modified: TarTime(seconds: 9))
        let base = Owned(directory: BaseDirectory(mode: 0o2750, xattrs: xattrs, attributes: attributes))
        let tree = try FileTree.walk(directory.place("tree")).laid(over: base)
        #expect(
            tree.lines == ["directory 755 ", "directory 2750 etc", "directory 755 etc/sub", "file 644 etc/sub/f"])
        #expect(tree.entries.map { tree.attributes(of: $0) } == [nil, attributes, nil, nil])
        #expect(tree.entries.map { tree.xattrs(of: $0) } == [[], xattrs, [], []])
        #expect(tree.fingerprint == nil)
    }
}
