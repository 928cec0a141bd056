import Failures
import Foundation
import Glibc
import Store
import SystemPackage
import Tar
import Testing

struct TreeFilesTests {
    let folder: TemporaryFolder
    let tree: FileTree

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("sub/file", "contents")
        try folder.setTime(1, of: "sub/file")
        tree = try FileTree(walking: folder.path)
    }

    private var file: FilePath { folder.place("sub/file") }

    private var changed: Failure {
        Failure(
            .io, "cannot read \(file)", why: "the file changed while it was read",
            advice: "see that nothing writes to it, and run again")
    }

    @Test func readsWhatIsThere() throws {
        #expect(try tree.contents(of: "sub/file") == Array("contents".utf8))
    }

    @Test func refusesAFileOfAnotherSize() throws {
        try folder.write("sub/file", "contents and more")
        try folder.setTime(1, of: "sub/file")
        #expect(throws: changed) { try tree.contents(of: "sub/file") }
        try folder.write("sub/file", "")
        #expect(throws: changed) { try tree.contents(of: "sub/file") }
    }

    @Test func refusesAFileOfAnotherTime() throws {
        try folder.setTime(2, of: "sub/file")
        #expect(throws: changed) { try tree.contents(of: "sub/file") }
    }

    @Test func refusesAFolderOrAFIFOInItsPlace() throws {
        try #require(unlink(file.string) == 0)
        try folder.makeFolder("sub/file")
        #expect(throws: changed) { try tree.contents(of: "sub/file") }
        try #require(rmdir(file.string) == 0)
        // Nobody writes to it: to open it must not wait.
        try folder.makeFIFO("sub/file")
        #expect(throws: changed) { try tree.contents(of: "sub/file") }
    }

    @Test func namesAFileThatIsGone() throws {
        try #require(unlink(file.string) == 0)
        #expect(throws: Failure.io("cannot open \(file)", .noSuchFileOrDirectory)) {
            try tree.contents(of: "sub/file")
        }
    }

    @Test func followsNoLinkInItsPlaceOrOnTheWay() throws {
        let elsewhere = try TemporaryFolder()
        try elsewhere.write("file", "contents")
        try elsewhere.setTime(1, of: "file")
        try #require(unlink(file.string) == 0)
        try folder.link("sub/file", to: elsewhere.place("file").string)
        #expect(throws: Failure.io("cannot open \(file)", .tooManySymbolicLinkLevels)) {
            try tree.contents(of: "sub/file")
        }
        try FileManager.default.removeItem(atPath: folder.place("sub").string)
        try folder.link("sub", to: elsewhere.path.string)
        #expect(throws: Failure.io("cannot open \(file)", .tooManySymbolicLinkLevels)) {
            try tree.contents(of: "sub/file")
        }
    }

    @Test func tellsOfAChangeRatherThanWhatCameOfIt() throws {
        let files = TreeFiles(tree)
        func read(_ body: (TreeFile) throws -> Void) throws {
            try tree.forEach { entry, path, _ in
                if entry.kind == .file { try files.withFile(entry, at: path, body) }
            }
        }
        let other = Failure.io("cannot write", .noSpace)
        #expect(throws: other) { try read { _ in throw other } }
        #expect(throws: changed) { try read { _ in throw TarBodyTooShort() } }
        #expect(throws: changed) {
            try read { _ in
                try folder.write("sub/file", "more than it was")
                throw other
            }
        }
    }
}
