import Errors
import JSON
import TestSupport
import Testing

@testable import DockerEngine
@testable import Registry

@Suite("Daemon messages")
struct DaemonMessagesTests {
    private func messages(_ text: String, step: Int = .max) throws -> [JSONValue] {
        var messages = DaemonMessages(MemorySource(Array(text.utf8), step: step))
        var all: [JSONValue] = []
        while let message = try messages.next() { all.append(message) }
        return all
    }

    @Test("are JSON lines, in buffers of any size", arguments: [1, 2, 7, 1000])
    func lines(step: Int) throws {
        let text = "{\"a\":1}\r\n\n{\"b\":\"x\\ny\"}\n  \n[3]"
        #expect(try messages(text, step: step) == [["a": 1], ["b": "x\ny"], [3]])
        #expect(try messages("", step: step).isEmpty)
    }

    @Test("are rejected if they are not JSON, or endless")
    func faults() throws {
        for text in ["{\"a\":1}{\"b\":2}\n", "<html>", "{\"a\"", String(repeating: "x", count: 5 << 20)] {
            let failure = #expect(throws: ToolError.self) { try messages(text) }
            #expect(failure?.code == .data)
            #expect(failure?.message == "cannot read the Docker daemon's response")
        }
    }
}
