import ByteIO
import Foundation
import Glibc
import OCI
import Store
import Testing

/// Trees with the same fingerprint have the same contents.
@Suite("A tree's fingerprint")
struct FingerprintTests {
    let directory: TreeDirectory

    init() throws {
        directory = try TreeDirectory()
        try directory.write("tree/file", "contents")
        try directory.write("tree/other", "contents")
        try directory.link("tree/link", to: "file")
        for name in ["tree/file", "tree/other", "tree/link", "tree"] { try directory.setTime(1, of: name) }
    }

    private func fingerprint() throws -> Digest {
        try #require(try FileTree.walk(directory.place("tree")).fingerprint)
    }

    @Test("is the same for the same tree")
    func isTheSameForTheSameTree() throws {
        #expect(try fingerprint() == fingerprint())
    }

    @Test("comes with the latest change time")
    func knowsWhenTheNewestOfItsFilesChanged() throws {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let newest = try FileTree.walk(directory.place("tree")).newestChange
        // Change times cannot be set; they are those of the files' creation a moment ago.
        #expect(newest > Int64(now.tv_sec - 3600) * 1_000_000_000)
        #expect(newest <= Int64(now.tv_sec + 1) * 1_000_000_000)
    }

    @Test(
        "differs after any change",
        arguments: [
            "printf CONTENTS > file; touch -d @1.000000005 file", "chmod 600 file", "mv file file2",
            "ln -sfn other link",
            "touch file", "rm other", "printf x >> file; truncate -s 8 file; touch -d @1.000000005 file",
            "cp -p file new; mv new file", "mkdir more", "chmod 711 .",
        ])
    func differsAfter(_ change: String) throws {
        let before = try fingerprint()
        // Timestamps of file systems have a resolution of about 10 ms.
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
