import Errors
import Glibc
import TestSupport
import Testing

@Suite("System files")
struct SystemFileTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test("have numbers by key")
    func numbers() throws {
        let file = try directory.write(Array("low 0\noom_kill 3\nMemAvailable:   123 kB\nodd x\n".utf8), to: "events")
        #expect(SystemFile.number("oom_kill", in: file) == 3)
        #expect(SystemFile.number("MemAvailable:", in: file) == 123)
        #expect(SystemFile.number("odd", in: file) == nil)
        #expect(SystemFile.number("oom", in: file) == nil)
        #expect(SystemFile.number("low", in: directory.path("missing")) == nil)
    }

    @Test("are read to the end and written only if they exist")
    func readAndWrite() throws {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }
        let file = try directory.write(bytes, to: "file")
        #expect(try SystemFile.bytes(of: file) == bytes)
        #expect(SystemFile.set(file, to: "text"))
        #expect(try SystemFile.bytes(of: file).starts(with: Array("text".utf8)))
        #expect(!SystemFile.set(directory.path("missing"), to: "text"))
        #expect(SystemFile.text(of: directory.path("missing")) == nil)
        let error = #expect(throws: ToolError.self) { try SystemFile.bytes(of: directory.path("missing")) }
        #expect(error?.message == "cannot open \(directory.path)/missing")
    }

    @Test("are listed without . and ..")
    func names() throws {
        for name in ["b", "a", ".hidden"] { try directory.write([], to: name) }
        let names = try SystemFile.names(in: directory.path).map { String(decoding: $0, as: UTF8.self) }
        #expect(names.sorted() == [".hidden", "a", "b"])
    }

    @Test("are sent through a pipe until its writing end is closed")
    func pipe() throws {
        let pipe = try Pipe.open()
        try DescriptorWriter(pipe.writeEnd, name: "a pipe").write("one")
        try DescriptorWriter(pipe.writeEnd, name: "a pipe").write(" two")
        pipe.closeWriteEnd()
        pipe.closeWriteEnd()
        #expect(try pipe.readAll() == Array("one two".utf8))
    }

    @Test("are waited for until they appear")
    func waiting() throws {
        var count = 0
        let found = try Waiting.until("a device") { () -> Int? in
            count += 1
            return count == 3 ? count : nil
        }
        #expect(found == 3)
    }
}
