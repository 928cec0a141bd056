import Testing

@testable import Images

@Suite("Looking into a flat tree")
struct RootFilesystemLookupTests {
    private static func tree() throws -> RootFilesystem {
        try CraftedLayers.tree([
            [
                .directory("usr/bin"), .file("usr/bin/sh", "#!"), .link("bin", "usr/bin"), .link("usr/loop", "loop"),
                .link("up", "../../usr/./bin/.."), .link("abs", "/bin/sh"), .link("gone", "none"),
                .link("in/me", "/up"),
            ]
        ])
    }

    private static func path(_ tree: RootFilesystem, _ path: String, followsLast: Bool = true) -> String? {
        tree.find(Array(path.utf8), followsLast: followsLast).map { String(decoding: tree.path(of: $0), as: UTF8.self) }
    }

    @Test("finds paths as the kernel does with the tree as its root")
    func finds() throws {
        let tree = try Self.tree()
        #expect(Self.path(tree, "") == "")
        #expect(Self.path(tree, "/") == "")
        #expect(Self.path(tree, "../..") == "")
        #expect(Self.path(tree, "bin/sh") == "usr/bin/sh")
        #expect(Self.path(tree, "/bin") == "usr/bin")
        #expect(Self.path(tree, "bin", followsLast: false) == "bin")
        #expect(Self.path(tree, "bin/../bin/sh") == "usr/bin/sh")
        #expect(Self.path(tree, "up") == "usr")
        #expect(Self.path(tree, "in/me/bin/sh") == "usr/bin/sh")
        #expect(Self.path(tree, "abs") == "usr/bin/sh")
        #expect(Self.path(tree, "usr/bin/sh/") == "usr/bin/sh")
    }

    @Test("does not find missing paths")
    func findsNothing() throws {
        let tree = try Self.tree()
        for path in ["none", "gone", "usr/loop", "usr/loop/x", "bin/sh/x", "bin/sh/..", "abs/x", "usr/none/../bin"] {
            #expect(Self.path(tree, path) == nil, "\(path)")
        }
        #expect(Self.path(tree, "usr/loop", followsLast: false) == "usr/loop")
    }

    @Test("lists directories in the order of layers")
    func children() throws {
        let names = ["b", "a.b", "a", "a-b", "é", "Z", "a/x"]
        let tree = try CraftedLayers.tree([names.map { .file($0) } + [.file(".wh.b")], [.file(".wh.Z")]])
        #expect(
            tree.children(of: .root).map { String(decoding: tree.name(of: $0), as: UTF8.self) }
                == ["a", "a-b", "a.b", "b", "é"])
        let file = try #require(tree.find(Array("b".utf8)))
        #expect(tree.children(of: file).isEmpty)
    }

    @Test("finds the bodies of files, and the names of one file")
    func bodies() throws {
        let tree = try CraftedLayers.tree([
            [.file("a", "one"), .hardLink("b", "a"), .file("c", "one")], [.file("d", "two"), .directory("e")],
        ])
        func id(_ name: String) throws -> RootFilesystem.ID { try #require(tree.find(Array(name.utf8))) }
        #expect(try tree.body(id("b"))?.bytes() == Array("one".utf8))
        #expect(try tree.body(id("d"))?.bytes() == Array("two".utf8))
        #expect(try tree.body(id("e")) == nil)
        #expect(try tree.sharedIdentity(id("a")) != nil)
        #expect(try tree.sharedIdentity(id("a")) == tree.sharedIdentity(id("b")))
        #expect(try tree.sharedIdentity(id("c")) == nil)
    }

    @Test("keeps a node in 40 bytes")
    func isCompact() {
        #expect(MemoryLayout<RootfsNode>.stride == 40)
    }
}
