import Testing

@testable import GuestProtocol

@Suite("The request to a guest")
struct GuestRequestTests {
    @Test("is parsed as it was written, with line breaks in values")
    func roundTrip() throws {
        var request = GuestRequest()
        request.modules = ["/modules/a.ko", "/modules/b.ko"]
        request.disks = ["lower0", "layer", "result"]
        request.steps = [
            GuestStep(key: "runAsRoot", place: .root), GuestStep(key: "extraCommands", place: .layer),
        ]
        request.environment = ["A=1 2", "B=x\ny", "C="]
        request.storeDir = "/nix/store"
        request.hasNetwork = true
        request.processLimit = 77
        #expect(try GuestRequest(request.bytes) == request)
        #expect(try GuestRequest([]) == GuestRequest())
        #expect(request.steps[0].path == "/scripts/runAsRoot")
    }

    @Test(
        "is an error if a key or a value is invalid",
        arguments: [
            ("processes many", "'many' is not a number of processes"),
            ("colour red", "the request has an unknown key 'colour'"),
        ])
    func refused(text: String, cause: String) {
        #expect(throws: GuestProtocolError(cause)) { try GuestRequest(Array(text.utf8)) }
    }
}
