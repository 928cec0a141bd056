import Testing

@testable import GuestProtocol

@Suite("The status of a guest")
struct GuestStatusTests {
    @Test(
        "is parsed as it was written",
        arguments: [
            GuestStatus.Result.exited(0), .exited(255), .signaled(9), .notStarted(2),
            .failed("no disk: at all"),
        ])
    func roundTrip(_ result: GuestStatus.Result) throws {
        var status = GuestStatus(result)
        #expect(try GuestStatus(status.lines) == status)
        (status.key, status.isOutOfMemory, status.isOutOfProcesses) = ("runAsRoot", true, true)
        (status.leastRoom, status.layerSize) = (0, .max)
        #expect(try GuestStatus(status.lines) == status)
    }

    @Test("has no line breaks in a cause")
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
        ([], "the status has 0 lines and is not complete"),
        (GuestStatus(.exited(0)).lines.dropLast(), "the status has 6 lines and is not complete"),
        (GuestStatus(.exited(0)).lines + ["end"], "the status has 8 lines and is not complete"),
        (lines(6, "and more"), "the status has 7 lines and is not complete"),
        (lines(0, "exited x"), "the status begins with 'exited x'"),
        (lines(0, "exited 99999999999"), "the status begins with 'exited 99999999999'"),
        (lines(0, "root:x:0"), "the status begins with 'root:x:0'"),
        (
            lines(2, "outOfMemory perhaps"),
            "the status has 'outOfMemory perhaps' in place of outOfMemory"
        ),
        (lines(5, "layerSize -1"), "the status has 'layerSize -1' in place of layerSize"),
        (lines(5, "leastRoom 1"), "the status has 'leastRoom 1' in place of layerSize"),
    ]

    @Test("is an error if any line differs", arguments: refusals)
    func refused(lines: [String], cause: String) {
        #expect(throws: GuestProtocolError(cause)) { try GuestStatus(lines) }
    }
}
