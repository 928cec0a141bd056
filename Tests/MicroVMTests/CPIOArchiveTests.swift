import ByteIO
import TestSupport
import Testing

@testable import MicroVM

@Suite("A cpio archive")
struct CPIOArchiveTests {
    @Test("is read by cpio")
    func read() throws {
        let sink = MemorySink()
        var archive = CPIOArchive(to: sink)
        try archive.addDirectory("dev")
        try archive.addCharacterDevice("dev/console", major: 5, minor: 1)
        try archive.addFile("init", mode: 0o755, Array("abcde".utf8))
        try archive.addFile("empty", [])
        try archive.finish()
        #expect(sink.bytes.count % 4 == 0)
        let directory = try TemporaryDirectory()
        let script = "cpio --quiet --list --verbose --numeric-uid-gid | sed 's/  */ /g'"
        let listed = try Program.output(["bash", "-c", script], input: sink.bytes, environment: ["TZ": "UTC"])
        #expect(
            String(decoding: listed, as: UTF8.self) == """
                drwxr-xr-x 1 0 0 0 Jan 1 1970 dev
                crw------- 1 0 0 5, 1 Jan 1 1970 dev/console
                -rwxr-xr-x 1 0 0 5 Jan 1 1970 init
                -rw-r--r-- 1 0 0 0 Jan 1 1970 empty

                """)
        try Program.output(["cpio", "--quiet", "--extract", "init"], input: sink.bytes, in: directory.path)
        #expect(try directory.read("init") == Array("abcde".utf8))
    }
}
