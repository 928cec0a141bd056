import ByteIO
import Foundation
import Glibc
import OCI
import Store
import Testing

/// What has the same fingerprint has the same contents.
struct FingerprintTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write("tree/file", "contents")
        try directory.write("tree/other", "contents")
        try directory.link("tree/link", to: "file")
        for name in ["tree/file", "tree/other", "tree/link", "tree"] { try directory.setTime(1, of: name) }
    }

    private func fingerprint() throws -> Digest {
        try #require(try FileTree.walk(directory.place("tree")).fingerprint)
    }

    @Test func isTheSameForTheSameTree() throws {
        #expect(try fingerprint() == fingerprint())
    }

    @Test func knowsWhenTheNewestOfItsFilesChanged() throws {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let newest = try FileTree.walk(directory.place("tree")).newestChange
        // Times of change cannot be set: they are those of the making, a moment ago.
        #expect(newest > Int64(now.tv_sec - 3600) * 1_000_000_000)
        #expect(newest <= Int64(now.tv_sec + 1) * 1_000_000_000)
    }

    @Test(arguments: [
        "printf CONTENTS > file; touch -d @1.000000005 file", "chmod 600 file", "mv file file2", "ln -sfn other link",
        "touch file", "rm other", "printf x >> file; truncate -s 8 file; touch -d @1.000000005 file",
        "cp -p file new; mv new file", "mkdir more", "chmod 711 .",
    ])
    func differsAfter(_ change: String) throws {
        let before = try fingerprint()
        // The clock of file systems ticks a hundred times a second.
        usleep(30_000)
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["-c", "cd '\(directory.place("tree"))' && { \(change); }"]
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0)
        #expect(try fingerprint() != before)
    }
}
