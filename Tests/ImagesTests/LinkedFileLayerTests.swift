import ByteIO
import Foundation
import Images
import OCI
import Store
import SystemPackage
import Tar
import TestSupport
import Testing

/// Layers of trees with hard links, attributes, and directories of a base, as Python's tarfile reads them.
struct LinkedFileLayerTests {
    private let directory: TemporaryDirectory
    private let owner = TarOwner(uid: 3, gid: 4, userName: "me", groupName: "us", modified: 60)

    init() throws {
        directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path("tree/bin"), withIntermediateDirectories: true)
        try directory.write(Array("body".utf8), to: "tree/bin/a")
        for name in ["bin/b", "first"] {
            try FileManager.default.linkItem(
                atPath: directory.path("tree/bin/a"), toPath: directory.path("tree/\(name)"))
        }
        let script = """
            import os, sys
            os.setxattr(sys.argv[1], "user.x", b"\\0\\xff=")
            open(os.fsencode(sys.argv[2]) + b"/n\\xff", "wb").write(b"name")
            os.link(os.fsencode(sys.argv[2]) + b"/n\\xff", os.fsencode(sys.argv[2]) + b"/o")
            """
        _ = try Program.python(script, [directory.path("tree/first"), directory.path("tree")])
    }

    private func tree(_ facts: FileTree.Facts = .linksAndAttributes) throws -> FileTree {
        try FileTree.walk(FilePath(directory.path("tree")), keeping: facts)
    }

    /// A line for each entry: name, type, mode, owner, time, link name, body, and PAX records of attributes.
    private func lines(_ layer: FileLayer) throws -> [String] {
        let open = try layer.open()
        let sink = MemorySink()
        try open.write(to: sink)
        #expect(open.size == UInt64(sink.bytes.count))
        #expect(try open.diffID() == SHA256.digest(of: sink.bytes))
        let script = """
            import io, sys, tarfile
            tar = tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()), mode="r:")
            for m in tar:
                body = tar.extractfile(m).read() if m.isreg() else b""
                x = {k: v.encode("utf-8", "surrogateescape") for k, v in m.pax_headers.items() if "xattr" in k}
                print(ascii(m.name), m.type.decode(), oct(m.mode), m.uid, m.gid, int(m.mtime), ascii(m.linkname), body, x)
            """
        let text = String(decoding: try Program.python(script, input: sink.bytes), as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }

    @Test func writesEachFileOnceAndItsOtherNamesAsHardLinks() throws {
        let layer = FileLayer(title: "last", parts: [.init(.tree(try tree()), at: "")], owner: owner)
        let x = #"{'SCHILY.xattr.user.x': b'\x00\xff='}"#
        #expect(
            try lines(layer) == [
                "'bin' 5 0o755 3 4 60 '' b'' {}", "'bin/a' 0 0o644 3 4 60 '' b'body' \(x)",
                "'bin/b' 1 0o644 3 4 60 'bin/a' b'' \(x)", "'first' 1 0o644 3 4 60 'bin/a' b'' \(x)",
                #"'n\udcff' 0 0o644 3 4 60 '' b'name' {}"#, #"'o' 1 0o644 3 4 60 'n\udcff' b'' {}"#,
            ])
    }

    @Test func hardLinksNameThePlaceInTheLayer() throws {
        let layer = FileLayer(title: "last", parts: [.init(.tree(try tree()), at: "opt/x")], owner: owner)
        #expect(try lines(layer).first { $0.hasPrefix("'opt/x/first'") }?.contains("'opt/x/bin/a'") == true)
    }

    @Test func namesAreWholeFilesInTreesThatWereReadWithoutLinks() throws {
        let layer = FileLayer(title: "last", parts: [.init(.tree(try tree(.contents)), at: "")], owner: owner)
        #expect(
            try lines(layer) == [
                "'bin' 5 0o755 3 4 60 '' b'' {}", "'bin/a' 0 0o644 3 4 60 '' b'body' {}",
                "'bin/b' 0 0o644 3 4 60 '' b'body' {}", "'first' 0 0o644 3 4 60 '' b'body' {}",
                #"'n\udcff' 0 0o644 3 4 60 '' b'name' {}"#, #"'o' 0 0o644 3 4 60 '' b'name' {}"#,
            ])
    }

    @Test func directoriesKeepWhatTheBaseGivesThem() throws {
        var base = RootFilesystem()
        let tar = try CraftedLayers.tar([
            CraftedEntry(
                path: Array("usr/bin".utf8), kind: .directory, mode: 0o2711,
                attributes: TarAttributes(uid: 8, gid: 9, modified: TarTime(seconds: 5)),
                xattrs: [TarXattr(name: Array("user.y".utf8), value: [0x61])]),
            .link("bin", "usr/bin"),
        ])
        try base.apply(CraftedLayers.range(tar), name: CraftedLayers.name)
        let laid = try tree().laid(over: base)
        let layer = FileLayer(title: "last", parts: [.init(.tree(laid), at: "")], owner: owner)
        let lines = try lines(layer)
        #expect(lines.contains("'usr/bin' 5 0o2711 8 9 5 '' b'' {'SCHILY.xattr.user.y': b'a'}"))
        // The first name in the new order has the body.
        #expect(
            lines.map { $0.split(separator: " ").prefix(2).joined(separator: " ") } == [
                "'first' 0", #"'n\udcff' 0"#, "'o' 1", "'usr' 5", "'usr/bin' 5", "'usr/bin/a' 1", "'usr/bin/b' 1",
            ])
        #expect(lines[0].contains("b'body'"))
        #expect(lines[5].contains("'first'"))
    }
}
