import ByteIO
import Errors
import Foundation
import Glibc
import Store
import SystemPackage
import Tar
import Testing

@Suite("The files of a tree")
struct TreeFilesTests {
    let directory: TreeDirectory
    let tree: FileTree

    init() throws {
        directory = try TreeDirectory()
        try directory.write("sub/file", "contents")
        try directory.setTime(1, of: "sub/file")
        tree = try FileTree.walk(directory.path)
    }

    private var file: FilePath { directory.place("sub/file") }

    private var changed: ToolError {
        ToolError(
            .io, "cannot read \(file)", cause: "the file changed while it was read",
            remedy: "make sure that no program writes to it, and run again")
    }

    @Test("are read")
    func readsWhatIsThere() throws {
        #expect(try tree.contents(of: "sub/file") == Array("contents".utf8))
    }

    @Test("must have the size of the entry")
    func refusesAFileOfAnotherSize() throws {
        try directory.write("sub/file", "contents and more")
        try directory.setTime(1, of: "sub/file")
        #expect(throws: changed) { try tree.contents(of: "sub/file") }
        try directory.write("sub/file", "")
        #expect(throws: changed) { try tree.contents(of: "sub/file") }
    }

    @Test("must have the modification time of the entry")
    func refusesAFileOfAnotherTime() throws {
        try directory.setTime(2, of: "sub/file")
        #expect(throws: changed) { try tree.contents(of: "sub/file") }
    }

    @Test("must not be replaced by a directory or a FIFO")
    func refusesADirectoryOrAFIFOInItsPlace() throws {
        try #require(unlink(file.string) == 0)
        try directory.makeDirectory("sub/file")
        #expect(throws: changed) { try tree.contents(of: "sub/file") }
        try #require(rmdir(file.string) == 0)
        // Opening a FIFO without a writer must not block.
        try directory.makeFIFO("sub/file")
        #expect(throws: changed) { try tree.contents(of: "sub/file") }
    }

    @Test("must exist")
    func namesAFileThatIsGone() throws {
        try #require(unlink(file.string) == 0)
        #expect(throws: ToolError.io("cannot open \(file)", .noSuchFileOrDirectory)) {
            try tree.contents(of: "sub/file")
        }
    }

    @Test("must not be replaced by links, nor their directories")
    func followsNoLinkInItsPlaceOrOnTheWay() throws {
        let elsewhere = try TreeDirectory()
        try elsewhere.write("file", "contents")
        try elsewhere.setTime(1, of: "file")
        try #require(unlink(file.string) == 0)
        try directory.link("sub/file", to: elsewhere.place("file").string)
        #expect(throws: ToolError.io("cannot open \(file)", .tooManySymbolicLinkLevels)) {
            try tree.contents(of: "sub/file")
        }
        try FileManager.default.removeItem(atPath: directory.place("sub").string)
        try directory.link("sub", to: elsewhere.path.string)
        #expect(throws: ToolError.io("cannot open \(file)", .tooManySymbolicLinkLevels)) {
            try tree.contents(of: "sub/file")
        }
    }

    @Test("that have changed are reported as changed, whatever the reader throws")
    func tellsOfAChangeRatherThanWhatCameOfIt() throws {
        let files = TreeFiles(tree)
        func read(_ body: (TreeFile) throws -> Void) throws {
            try tree.forEach { entry, path, _ in
                if entry.kind == .file { try files.withFile(entry, at: path, body) }
            }
        }
        let other = ToolError.io("cannot write", .noSpace)
        #expect(throws: other) { try read { _ in throw other } }
        #expect(throws: changed) { try read { _ in throw TarBodyTooShort() } }
        #expect(throws: changed) {
            try read { _ in
                try directory.write("sub/file", "more than it was")
                throw other
            }
        }
    }
}
