import Glibc
import Processes
import Synchronization
import SystemPackage
import Testing

@Suite("The output of a script")
struct ScriptOutputTests {
    private func write(_ text: String, to output: ScriptOutput) throws {
        try FileDescriptor(rawValue: output.writeEnd).writeAll(Array(text.utf8))
    }

    @Test("is read line by line; the last lines are kept")
    func lines() throws {
        let seen = Mutex<[String]>([])
        let output = try ScriptOutput.start(limit: 2) { line in seen.withLock { $0.append(line) } }
        try write("one\ntw", to: output)
        try write("o\n\nfour", to: output)
        output.finish()
        #expect(seen.withLock { $0 } == ["one", "two", "", "four"])
        #expect(output.last == ["", "four"])
    }

    @Test("may be empty")
    func empty() throws {
        let output = try ScriptOutput.start(limit: 2) { _ in Issue.record("there is no line") }
        output.finish()
        #expect(output.last.isEmpty)
    }

    @Test("is split where a line has more than 64 KiB")
    func longLines() throws {
        let output = try ScriptOutput.start(limit: 10) { _ in }
        let length = 200_000
        try write(String(repeating: "x", count: length) + "\nend\n", to: output)
        output.finish()
        #expect(output.last.count > 2)
        #expect(output.last.last == "end")
        #expect(output.last.dropLast().joined() == String(repeating: "x", count: length))
        #expect(output.last.allSatisfy { $0.utf8.count < 128 * 1024 })
    }

    @Test("can be written to by path, as QEMU does")
    func path() throws {
        let output = try ScriptOutput.start(limit: 10) { _ in }
        let file = try FileDescriptor.open(try output.path, .writeOnly)
        try file.closeAfter { _ = try file.writeAll(Array("line\n".utf8)) }
        output.finish()
        #expect(output.last == ["line"])
    }

    @Test("keeps bytes that are not UTF-8 as replacement characters")
    func invalidText() throws {
        let output = try ScriptOutput.start(limit: 10) { _ in }
        try FileDescriptor(rawValue: output.writeEnd).writeAll([0x61, 0xFF, 0x0A])
        output.finish()
        #expect(output.last == ["a\u{FFFD}"])
    }
}
