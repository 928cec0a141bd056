import ByteIO
import Errors
import Foundation
import Images
import Tar
import TestSupport
import Testing

@Suite("The tar of a root filesystem")
struct RootfsWriterTests {
    @Test("begins with the root, and sorts siblings by path components")
    func order() throws {
        let names = ["a-b", "a/z", "a", "a.b", "b", "a/b/c", "B"]
        let layer = names.map { $0 == "a" ? CraftedEntry.directory($0) : .file($0) }
        let expected = [
            "./", "./B", "./a/", "./a/b/", "./a/b/c", "./a/z", "./a-b", "./a.b", "./b",
        ]
        for entries in [layer, layer.reversed()] {
            let reader = TarReader(MemorySource(try CraftedLayers.flat([entries])), archive: "the flat tar")
            var read: [String] = []
            while let member = try reader.next() { read.append(String(decoding: member.path, as: UTF8.self)) }
            #expect(read == expected)
            #expect(reader.hasEndBlocks)
        }
    }

    @Test("contains only a root of mode 0755 if there are no layers")
    func nothing() throws {
        let bytes = try CraftedLayers.flat([])
        #expect(bytes.count == 10240)
        let reader = TarReader(MemorySource(bytes), archive: "the flat tar")
        let root = try #require(try reader.next())
        #expect(root.path == Array("./".utf8))
        #expect(root.kind == .directory)
        #expect(root.mode == 0o755)
        #expect(root.modified == TarTime(seconds: 0))
        #expect(try reader.next() == nil)
    }

    @Test("has the contents of the layers, as Python reads it")
    func attributes() throws {
        var file = CraftedEntry.file("etc/f", "hello")
        file.mode = 0o6755
        file.attributes = TarAttributes(
            uid: 1000, gid: 3_000_000, userName: Array("jö".utf8), groupName: Array("staff".utf8),
            modified: TarTime(seconds: -5, nanoseconds: 250_000_000))
        file.xattrs = [TarXattr(name: Array("user.mime".utf8), value: Array("text".utf8))]
        let long = String(repeating: "n", count: 120)
        let tar = try CraftedLayers.flat([
            [file, .hardLink("etc/g", "etc/f"), .link("etc/l", "/\(long)"), .directory(long, mode: 0o1777)]
        ])
        let script = """
            import io, json, sys, tarfile
            with tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read())) as tar:
                for m in tar:
                    print(json.dumps([m.name, m.type.decode(), oct(m.mode), m.uid, m.gid, m.uname, m.gname,
                                      m.mtime, m.linkname, m.size, m.pax_headers.get("SCHILY.xattr.user.mime")]))
            """
        let lines = String(decoding: try Program.python(script, input: tar), as: UTF8.self)
        #expect(
            lines == """
                [".", "5", "0o755", 0, 0, "", "", 0, "", 0, null]
                ["./etc", "5", "0o755", 0, 0, "", "", 0, "", 0, null]
                ["./etc/f", "0", "0o6755", 1000, 3000000, "j\\u00f6", "staff", -4.75, "", 5, "text"]
                ["./etc/g", "1", "0o6755", 1000, 3000000, "j\\u00f6", "staff", -4.75, "./etc/f", 0, null]
                ["./etc/l", "2", "0o777", 0, 0, "", "", 7, "/\(long)", 0, null]
                ["./\(long)", "5", "0o1777", 0, 0, "", "", 7, "", 0, null]

                """)
    }

    @Test("is the same for the same layers, whatever it is written to")
    func sameBytes() throws {
        var generator = SeededGenerator(seed: 7)
        // Bodies of sizes around the limits of the copying methods, in another order than in the output.
        let sizes = [0, 1, 511, 512, 513, 65_535, 65_536, 65_537, 300_000]
        let bodies = (0..<60).map { index in generator.bytes(sizes[index % sizes.count]) }
        let layers = (0..<3).map { layer in
            (0..<20).map { index in
                let number = (index * 7 + layer) % 20 * 3 + layer
                return CraftedEntry(path: Array("d\(number % 4)/\(number)".utf8), body: bodies[number])
            }
        }
        let tar = try CraftedLayers.flat(layers)
        let reader = TarReader(MemorySource(tar), archive: "the flat tar")
        var count = 0
        while let member = try reader.next() {
            guard member.kind == .file else { continue }
            let number = try #require(Int(String(decoding: member.path.dropFirst(5), as: UTF8.self)))
            #expect(try reader.body(limit: 1 << 20) == bodies[number])
            count += 1
        }
        #expect(count == 60)
        // The kernel copies large bodies to a file.
        let directory = try TemporaryDirectory()
        let descriptor = open(directory.path("flat.tar"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let sink = DescriptorSink(descriptor, name: "flat.tar")
        #expect(sink.copiesFiles)
        let size = try RootfsWriter.write(CraftedLayers.tree(layers), to: sink)
        #expect(try directory.read("flat.tar") == tar)
        #expect(size == UInt64(tar.count))
    }

    @Test("fails if a layer became shorter after it was read", arguments: [10, 100_000])
    func shortened(size: Int) throws {
        let directory = try TemporaryDirectory()
        let entry = CraftedEntry(path: [0x61], body: [UInt8](repeating: 1, count: size))
        let path = try directory.write(try CraftedLayers.tar([entry]), to: "layer.tar")
        let file = try OpenFile(owning: open(path, O_RDWR | O_CLOEXEC), name: "'layer.tar'")
        var tree = RootFilesystem()
        try tree.apply(file.whole, name: CraftedLayers.name)
        ftruncate(file.descriptor, 515)
        let out = open(directory.path("flat.tar"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(out) }
        let sinks: [any ByteSink] = [MemorySink(), DescriptorSink(out, name: "flat.tar")]
        for sink in sinks {
            let failure = try #require(throws: ToolError.self) { try RootfsWriter.write(tree, to: sink) }
            #expect(failure.code == .io)
            #expect(failure.message == "cannot read 'layer.tar'")
            #expect(failure.cause == "it became shorter while it was read")
        }
    }
}
