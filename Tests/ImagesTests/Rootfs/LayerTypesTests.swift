import Errors
import Images
import Tar
import TestSupport
import Testing

@Suite("A layer on top of another")
struct LayerTypesTests {
    @Test("replaces files of any type by files of any type")
    func typeChanges() throws {
        let directory: [CraftedEntry] = [.directory("x"), .file("x/a", "1"), .file("x/s/b", "2")]
        let file: [CraftedEntry] = [.file("x", "3")]
        let link: [CraftedEntry] = [.link("x", "t")]
        let target: [CraftedEntry] = [.file("t/a", "4")]
        let kept = ["d ./t/", "f ./t/a 4"]
        #expect(try CraftedLayers.lines(file, directory) == ["d ./x/", "f ./x/a 1", "d ./x/s/", "f ./x/s/b 2"])
        #expect(try CraftedLayers.lines(directory, file) == ["f ./x 3"])
        #expect(try CraftedLayers.lines(target, directory, link) == kept + ["l ./x -> t"])
        #expect(
            try CraftedLayers.lines(target, link, directory)
                == kept + ["d ./x/", "f ./x/a 1", "d ./x/s/", "f ./x/s/b 2"])
        #expect(try CraftedLayers.lines(target, link, file) == kept + ["f ./x 3"])
        #expect(try CraftedLayers.lines(target, file, link) == kept + ["l ./x -> t"])
        #expect(try CraftedLayers.lines(target, link, [.directory("x")]) == kept + ["d ./x/"])
        var device = CraftedEntry(path: Array("x".utf8), kind: .characterDevice)
        device.device = (1, 3)
        #expect(try CraftedLayers.lines(directory, [device]) == ["c ./x 1:3"])
    }

    @Test("does not bring back files that a layer between replaced or removed")
    func nothingComesBack() throws {
        let directory: [CraftedEntry] = [.directory("x"), .file("x/a", "1"), .file("x/s/b", "2")]
        #expect(
            try CraftedLayers.lines(directory, [.file("x", "3")], [.file("x/n", "4")]) == ["d ./x/", "f ./x/n 4"])
        #expect(try CraftedLayers.lines(directory, [.file(".wh.x")], [.directory("x/s")]) == ["d ./x/", "d ./x/s/"])
        #expect(
            try CraftedLayers.lines(directory, [.file("x/.wh.s")], [.file("x/s/c", "5")])
                == ["d ./x/", "f ./x/a 1", "d ./x/s/", "f ./x/s/c 5"])
        #expect(
            try CraftedLayers.lines(directory, [.file("x/.wh.a")], [.file("x/a", "6")])
                == ["d ./x/", "f ./x/a 6", "d ./x/s/", "f ./x/s/b 2"])
    }

    @Test("keeps the contents of a directory of both, which has the attributes of the upper one")
    func directories() throws {
        var upper = CraftedEntry.directory("x", mode: 0o2770)
        upper.attributes = TarAttributes(uid: 1, gid: 2, modified: TarTime(seconds: 9))
        var lower = CraftedEntry.directory("x")
        lower.xattrs = [TarXattr(name: Array("user.old".utf8), value: [1])]
        let tree = try CraftedLayers.tree([[lower, .file("x/a")], [upper]])
        let entry = try #require(tree.find(Array("x".utf8)).flatMap(tree.entry))
        #expect(entry.mode == 0o2770)
        #expect(entry.attributes == upper.attributes)
        #expect(entry.xattrs.isEmpty)
        #expect(tree.find(Array("x/a".utf8)) != nil)
    }

    @Test("does not change a directory to which it only adds files")
    func additions() throws {
        let tree = try CraftedLayers.tree([[.directory("x", mode: 0o1777)], [.file("x/a")]])
        let entry = try #require(tree.find(Array("x".utf8)).flatMap(tree.entry))
        #expect(entry.mode == 0o1777)
        #expect(entry.attributes.modified == TarTime(seconds: 7))
    }

    @Test("keeps devices and FIFOs as entries")
    func devices() throws {
        var null = CraftedEntry(path: Array("null".utf8), kind: .characterDevice)
        null.device = (1, 3)
        var disk = CraftedEntry(path: Array("disk".utf8), kind: .blockDevice)
        disk.device = (259, 0o3_777_777)
        let fifo = CraftedEntry(path: Array("fifo".utf8), kind: .fifo)
        #expect(
            try CraftedLayers.lines([null, disk, fifo])
                == ["b ./disk 259:1048575", "p ./fifo", "c ./null 1:3"])
    }

    @Test("keeps extended attributes, except those of the machine that it was made on")
    func xattrs() throws {
        func xattr(_ name: String) -> TarXattr { TarXattr(name: Array(name.utf8), value: [0, 1, 0xFF, 0x0A]) }
        let kept = [xattr("security.capability"), xattr("user.a"), xattr("trusted.overlays")]
        var file = CraftedEntry.file("f")
        file.xattrs =
            [xattr("security.selinux"), xattr("trusted.overlay.opaque"), xattr("trusted.overlay.redirect")] + kept
        let tree = try CraftedLayers.tree([[file]])
        #expect(tree.find(Array("f".utf8)).flatMap(tree.entry)?.xattrs == kept)
        let reader = TarReader(MemorySource(try CraftedLayers.flat([[file]])), archive: "the flat tar")
        #expect(try reader.next()?.xattrs == [])
        #expect(try reader.next()?.xattrs == kept)
    }

    @Test("is refused if the tar is truncated in a body or a header, or is not a tar")
    func damaged() throws {
        let tar = try CraftedLayers.tar([.file("a", "x"), .file("b", "y")])
        for (bytes, entry) in [(Array(tar[..<1700]), "entry 2 'b'"), (Array(tar[..<1300]), "entry 2")] {
            var tree = RootFilesystem()
            let failure = try #require(throws: ToolError.self) {
                try tree.apply(CraftedLayers.range(bytes), name: CraftedLayers.name)
            }
            #expect(failure.code == .data)
            #expect(failure.message == "cannot read \(CraftedLayers.name), \(entry)")
        }
        var tree = RootFilesystem()
        let failure = #expect(throws: ToolError.self) {
            try tree.apply(CraftedLayers.range([UInt8](repeating: 0x41, count: 512)), name: CraftedLayers.name)
        }
        #expect(failure?.code == .data)
    }

    @Test("may have no end blocks")
    func noEndBlocks() throws {
        let tar = try CraftedLayers.tar([.file("a", "x"), .file("b", "y")])
        var tree = RootFilesystem()
        try tree.apply(CraftedLayers.range(Array(tar[..<2048])), name: CraftedLayers.name)
        #expect(tree.children(of: .root).map { Array(tree.name(of: $0)) } == [[0x61], [0x62]])
    }
}
