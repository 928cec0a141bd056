import ByteIO
import Errors
import Foundation
import Images
import Tar
import TestSupport
import Testing

@Suite("Sparse files in layers")
struct LayerSparseFileTests {
    private let directory: TemporaryDirectory
    /// A tar with the sparse file `f` and a hard link to it, `h`.
    private let sparse: [UInt8]
    /// The same without holes.
    private let whole: [UInt8]
    private let contents: [UInt8]

    init() throws {
        directory = try TemporaryDirectory()
        contents = [UInt8](repeating: 0, count: 1 << 20) + Array("middle".utf8) + [UInt8](repeating: 0, count: 200_000)
        try FileManager.default.createDirectory(
            atPath: directory.path("files"), withIntermediateDirectories: true)
        let path = try directory.write([], to: "files/f")
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.seek(toOffset: 1 << 20)
        try file.write(contentsOf: Array("middle".utf8))
        try file.truncate(atOffset: UInt64(contents.count))
        try file.close()
        try FileManager.default.linkItem(atPath: path, toPath: directory.path("files/h"))
        func tar(_ options: [String]) throws -> [UInt8] {
            try Program.output(
                ["tar"] + options + ["--format=pax", "-C", "\(path.dropLast(2))", "-cf", "-", "f", "h"])
        }
        (sparse, whole) = (try tar(["--sparse"]), try tar([]))
    }

    private func tree(_ layers: [UInt8]...) throws -> RootFilesystem {
        var tree = RootFilesystem()
        for layer in layers { try tree.apply(CraftedLayers.range(layer), name: CraftedLayers.name) }
        return tree
    }

    @Test("are whole files in the root filesystem, with their other names")
    func wholeFiles() throws {
        let other = try CraftedLayers.tar([.hardLink("d/lower", "f"), .file("g", "x")])
        #expect(sparse.count < 1 << 16)
        let sink = MemorySink()
        let tree = try tree(sparse, other)
        let size = try RootfsWriter.write(tree, to: sink)
        #expect(size == UInt64(sink.bytes.count))
        let reader = TarReader(MemorySource(sink.bytes), archive: "the flat tar")
        var seen: [String: Int] = [:]
        while let member = try reader.next() {
            let body = try reader.body(limit: 2 << 20)
            seen[String(decoding: member.path, as: UTF8.self)] = body.count
            #expect(member.sparse == nil)
            if member.kind == .file, body.count > 1 { #expect(body == contents) }
            if member.kind == .hardLink { #expect(member.linkTarget == Array("./d/lower".utf8)) }
        }
        #expect(seen == ["./": 0, "./d/": 0, "./d/lower": contents.count, "./f": 0, "./h": 0, "./g": 1])
        let id = try #require(tree.find(Array("h".utf8)))
        #expect(tree.entry(id)?.size == UInt64(contents.count))
    }

    @Test("have the same contents as whole files")
    func compared() throws {
        let trees = (try tree(sparse), try tree(whole))
        let ids = try (#require(trees.0.find([0x66])), #require(trees.1.find([0x66])))
        #expect(try trees.0.hasSameContents(ids.0, as: ids.1, of: trees.1))
        #expect(try trees.1.hasSameContents(ids.1, as: ids.0, of: trees.0))
        var changed = whole
        let member = try #require(try TarReader(MemorySource(whole), archive: "it").next())
        changed[Int(member.bodyOffset) + (1 << 20)] = UInt8(ascii: "M")
        let other = try tree(changed)
        #expect(try !trees.0.hasSameContents(ids.0, as: #require(other.find([0x66])), of: other))
    }

    @Test("count with their whole size for the limit of a layer")
    func limited() throws {
        var tree = RootFilesystem()
        let failure = try #require(throws: ToolError.self) {
            try tree.apply(CraftedLayers.range(sparse), name: CraftedLayers.name, sizeLimit: 1 << 20)
        }
        #expect(failure.code == .data)
        #expect(failure.message == "cannot read \(CraftedLayers.name), entry 1 'f'")
        #expect(failure.cause == "the sparse files of the layer make it larger than the limit of 1048576 bytes")
        #expect("\(failure.remedy)".contains("maxLayerSize"))
        // A layer without sparse files has been limited when it was decompressed.
        try tree.apply(CraftedLayers.range(whole), name: CraftedLayers.name, sizeLimit: 1 << 20)
    }

    @Test("of an archive are read as whole members")
    func members() throws {
        let layer = try TestTar.files([("f", [UInt8](repeating: 0, count: 300_000) + [1])])
        var image = CraftedLayout()
        image.index(try image.image([(layer, nil)]))
        try image.write(to: directory, "layout")
        let path = directory.path("image.tar")
        for (name, _) in image.files where name.hasPrefix("blobs/") {
            // Makes holes, which a program that copies archives may leave.
            try Program.output(["fallocate", "--dig-holes", directory.path("layout/\(name)")])
        }
        try Program.output(["tar", "--sparse", "--format=pax", "-C", directory.path("layout"), "-cf", path, "."])
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count < 200_000)
        for archive in [try directory.openArchive("image.tar"), try directory.openThroughPipe("image.tar")] {
            #expect(try archive.layerBytes() == [layer])
        }
    }
}
