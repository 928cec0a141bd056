@testable import GuestProtocol
import Testing

@Suite("What the guest tells of its work")
struct GuestStatusTests {
    @Test(
        "comes back as it was sent",
        arguments: [
            GuestStatus.Result.exited(0), .exited(255), .signaled(9), .notStarted(2), .failed("no disk: at all"),
        ])
    func roundTrip(_ result: GuestStatus.Result) throws {
        var status = GuestStatus(result)
        #expect(try GuestStatus(status.lines) == status)
        (status.key, status.isOutOfMemory, status.isOutOfProcesses) = ("runAsRoot", true, true)
        (status.leastRoom, status.layerSize) = (0, .max)
        #expect(try GuestStatus(status.lines) == status)
    }

    @Test("holds no line breaks of its own")
    func lineBreaks() {
        #expect(GuestStatus(.failed("a\nb\r\nc")).lines[0] == "failed a; b; c")
    }

    /// The lines of a status with one of them changed.
    private static func lines(_ number: Int, _ text: String) -> [String] {
        var lines = GuestStatus(.exited(0)).lines
        lines[number] = text
        return lines
    }

    private static let refusals: [(lines: [String], cause: String)] = [
        ([], "it sent 0 lines of status, which are none"),
        (GuestStatus(.exited(0)).lines.dropLast(), "it sent 6 lines of status, which are none"),
        (GuestStatus(.exited(0)).lines + ["end"], "it sent 8 lines of status, which are none"),
        (lines(6, "and more"), "it sent 7 lines of status, which are none"),
        (lines(0, "exited x"), "its status begins with 'exited x'"),
        (lines(0, "exited 99999999999"), "its status begins with 'exited 99999999999'"),
        (lines(0, "root:x:0"), "its status begins with 'root:x:0'"),
        (lines(2, "outOfMemory perhaps"), "its status has 'outOfMemory perhaps' in the place of outOfMemory"),
        (lines(5, "layerSize -1"), "its status has 'layerSize -1' in the place of layerSize"),
        (lines(5, "leastRoom 1"), "its status has 'leastRoom 1' in the place of layerSize"),
    ]

    @Test("is refused where it is anything else", arguments: refusals)
    func refused(lines: [String], cause: String) {
        #expect(throws: GuestProtocolFault(cause)) { try GuestStatus(lines) }
    }
}
