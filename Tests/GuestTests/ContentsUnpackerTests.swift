import ByteIO
import Errors
import Glibc
import Tar
import TestSupport
import Testing

// The guest is a static executable, which a test cannot import. The directory Guest has links to those of its sources that
// work outside a virtual machine.

@Suite("Unpacking the contents")
struct ContentsUnpackerTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// An entry of a tar that belongs to this user.
    private static func add(
        _ name: String, _ kind: TarKind, mode: UInt16 = 0o644, body: String = "", target: String = "",
        seconds: Int64 = 1, xattrs: [TarXattr] = [], to tar: TarWriter
    ) throws {
        let attributes = TarAttributes(
            uid: UInt64(geteuid()), gid: UInt64(getegid()), modified: TarTime(seconds: seconds))
        try Array(name.utf8).withUnsafeBytes { path in
            try Array(target.utf8).withUnsafeBytes { target in
                try tar.header(
                    TarEntry(
                        path: path, kind: kind, mode: mode, size: UInt64(body.utf8.count), linkTarget: target,
                        attributes: attributes, xattrs: xattrs))
            }
        }
        if !body.isEmpty { try tar.body(Array(body.utf8)) }
    }

    private func unpack(_ write: (TarWriter) throws -> Void) throws {
        let sink = MemorySink()
        let tar = TarWriter(to: sink, owner: TarOwner())
        try write(tar)
        try tar.finish()
        try ContentsUnpacker(into: directory.path).unpack(MemorySource(sink.bytes))
    }

    private func entry(_ name: String) throws -> UpperEntry { try UpperEntry.read(directory.path(name)) }

    @Test("makes files, directories and links with their modes, times and attributes")
    func allKinds() throws {
        let xattr = TarXattr(name: Array("user.test".utf8), value: [0, 1, 255])
        try unpack { tar in
            try Self.add("d/", .directory, mode: 0o1755, seconds: 1000, to: tar)
            try Self.add("d/file", .file, mode: 0o4750, body: "text", seconds: 2000, xattrs: [xattr], to: tar)
            try Self.add("d/link", .symbolicLink, mode: 0o777, target: "../nowhere", seconds: 3000, to: tar)
            try Self.add("d/other", .hardLink, target: "d/file", to: tar)
            try Self.add("d/fifo", .fifo, mode: 0o600, seconds: 4000, to: tar)
        }
        let parent = try entry("d")
        #expect(parent.kind == .directory)
        #expect(parent.mode == 0o1755)
        #expect(parent.attributes.modified == TarTime(seconds: 1000))
        let file = try entry("d/file")
        #expect(file.kind == .file)
        #expect(file.mode == 0o4750)
        #expect(file.size == 4)
        #expect(file.attributes.modified == TarTime(seconds: 2000))
        #expect(file.xattrs.contains { $0.name == xattr.name && $0.value == xattr.value })
        #expect(try directory.read("d/file") == Array("text".utf8))
        let link = try entry("d/link")
        #expect(link.kind == .symbolicLink)
        #expect(try link.linkTarget() == Array("../nowhere".utf8))
        #expect(link.attributes.modified == TarTime(seconds: 3000))
        #expect(file.hasOtherNames)
        #expect(try entry("d/other").number == file.number)
        #expect(try entry("d/fifo").kind == .fifo)
    }

    @Test("changes an existing directory")
    func existingDirectory() throws {
        try unpack { tar in
            try Self.add("d/", .directory, mode: 0o700, to: tar)
            try Self.add("d/", .directory, mode: 0o755, seconds: 5, to: tar)
        }
        #expect(try entry("d").mode == 0o755)
    }

    @Test("reports the path of a file that exists already")
    func existingFile() throws {
        let error = #expect(throws: ToolError.self) {
            try unpack { tar in
                try Self.add("file", .file, to: tar)
                try Self.add("file", .file, to: tar)
            }
        }
        #expect(error?.message == "cannot make \(directory.path)/file")
    }

    @Test("makes device nodes", .enabled(if: geteuid() == 0, "only root can make devices"))
    func devices() throws {
        try unpack { tar in
            try Array("null".utf8).withUnsafeBytes {
                try tar.header(TarEntry(path: $0, kind: .characterDevice, mode: 0o666, device: (1, 3)))
            }
        }
        let null = try entry("null")
        #expect(null.kind == .characterDevice)
        #expect(null.device == (1, 3))
        #expect(!null.isWhiteout)
    }
}
