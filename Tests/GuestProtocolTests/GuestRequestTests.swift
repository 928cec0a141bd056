@testable import GuestProtocol
import Testing

@Suite("What the host has the guest do")
struct GuestRequestTests {
    @Test("comes back as it was sent, line breaks and all")
    func roundTrip() throws {
        var request = GuestRequest()
        request.modules = ["/modules/a.ko", "/modules/b.ko"]
        request.disks = ["lower0", "layer", "result"]
        request.steps = [GuestStep(key: "runAsRoot", place: .root), GuestStep(key: "extraCommands", place: .layer)]
        request.environment = ["A=1 2", "B=x\ny", "C="]
        request.storeDir = "/nix/store"
        request.hasNetwork = true
        request.processLimit = 77
        #expect(try GuestRequest(request.bytes) == request)
        #expect(try GuestRequest([]) == GuestRequest())
        #expect(request.steps[0].path == "/scripts/runAsRoot")
    }

    @Test(
        "is refused if no host wrote it",
        arguments: [
            ("processes many", "'many' is no number of processes"), ("colour red", "the request has a key 'colour'"),
        ])
    func refused(text: String, cause: String) {
        #expect(throws: GuestProtocolFault(cause)) { try GuestRequest(Array(text.utf8)) }
    }
}
