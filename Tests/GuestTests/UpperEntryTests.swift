import Errors
import Glibc
import TestSupport
import Testing

@Suite("An entry of the layer's directory")
struct UpperEntryTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test("is a whiteout if it is a character device 0/0", .enabled(if: geteuid() == 0, "only root can make devices"))
    func whiteout() throws {
        try #require(mknod(directory.path("removed"), S_IFCHR, 0) == 0)
        #expect(try UpperEntry.read(directory.path("removed")).isWhiteout)
        try directory.write([], to: "file")
        #expect(try !UpperEntry.read(directory.path("file")).isWhiteout)
        #expect(!UpperEntry.marker.isWhiteout)
    }

    @Test("has no kind if it is a socket")
    func socket() throws {
        try #require(mknod(directory.path("socket"), S_IFSOCK | 0o600, 0) == 0)
        #expect(try UpperEntry.read(directory.path("socket")).kind == nil)
    }

    @Test("is like another one with the same kind, mode and owner")
    func likeness() throws {
        for name in ["a", "b"] {
            try directory.write(Array(name.utf8), to: name)
            chmod(directory.path(name), 0o644)
        }
        let first = try UpperEntry.read(directory.path("a"))
        #expect(first.isLike(try UpperEntry.read(directory.path("b"))))
        chmod(directory.path("b"), 0o600)
        #expect(!first.isLike(try UpperEntry.read(directory.path("b"))))
        #expect(!first.isLike(try UpperEntry.read(directory.path)))
    }

    @Test("of a whiteout in a tar is an empty file")
    func marker() throws {
        #expect(UpperEntry.marker.kind == .file)
        #expect(UpperEntry.marker.size == 0)
        #expect(UpperEntry.marker.mode == 0)
    }

    @Test("that is missing is an error with its path")
    func missing() {
        let error = #expect(throws: ToolError.self) { try UpperEntry.read(directory.path("missing")) }
        #expect(error?.message == "cannot read '\(directory.path)/missing' in the layer's directory")
    }

    @Test("may have a name that is not UTF-8")
    func invalidName() throws {
        let name = Array("\(directory.path)/".utf8) + [0xFF, 0x61]
        let path = CPath(name)
        #expect(path.description == "\(directory.path)/\u{FFFD}a")
        close(open(path.chars, O_WRONLY | O_CREAT, 0o600))
        #expect(try UpperEntry.read(name).kind == .file)
    }
}
