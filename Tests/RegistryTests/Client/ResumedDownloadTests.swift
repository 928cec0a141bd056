import Errors
import Synchronization
import TestSupport
import Testing

@testable import Registry

@Suite("Resumed downloads")
struct ResumedDownloadTests {
    private let fixture: PullFixture
    private let image: ScriptedImage
    private let layer: String

    init() throws {
        fixture = try PullFixture()
        image = try ScriptedImage()
        layer = image.layers[0]
    }

    private typealias Response = ScriptedServer.Response

    /// A registry that sends wrong responses for the first layer.
    ///
    /// - Parameter change: changes a response; its last argument is the number of earlier requests.
    private func registry(
        _ change: @escaping @Sendable (ScriptedServer.Request, inout ScriptedServer.Response, Int) -> Void
    ) throws -> ScriptedRegistry {
        try ScriptedRegistry(image) { [layer] request, correct, count in
            var response = correct
            if request.path.hasSuffix(layer) { change(request, &response, count) }
            return response
        }
    }

    /// The first byte of each request for the layer.
    private func starts(_ registry: ScriptedRegistry) -> [Int] {
        registry.requests(registry.path(layer)).map { request in
            request.headers["range"].flatMap { Int($0.dropFirst("bytes=".count).dropLast()) } ?? 0
        }
    }

    @Test("continue after the interruption") func resumed() throws {
        let registry = try registry { _, response, count in response.cutAfter = count < 3 ? 50_000 : nil }
        #expect(try fixture.tars(registry.reference) == image.tars)
        #expect(starts(registry) == [0, 50_000, 100_000, 150_000])
    }

    @Test("continue in another run") func nextRun() throws {
        let registry = try registry { _, response, count in
            if count == 0 { response.cutAfter = 50_000 } else if count < 4 { response = Response(503) }
        }
        #expect(throws: ToolError.self) { try fixture.tars(registry.reference) }
        #expect(fixture.names("partial") == [String(layer.dropFirst(7))])
        #expect(try fixture.tars(registry.reference) == image.tars)
        #expect(starts(registry) == [0, 50_000, 50_000, 50_000, 50_000])
        #expect(fixture.names("partial").isEmpty)
    }

    @Test("restart if the registry does not support ranges") func noRanges() throws {
        let body = image.blobs[layer] ?? []
        let registry = try registry { _, response, count in
            response = Response(200, body: body)
            response.cutAfter = count == 0 ? 50_000 : nil
        }
        #expect(try fixture.tars(registry.reference) == image.tars)
        #expect(starts(registry) == [0, 50_000])
    }

    @Test(
        "restart if the registry returns another range",
        arguments: ["bytes 0-9/10", "bytes 49999-100000/*", "bytes x-", "50000-", ""])
    func wrongRange(_ range: String) throws {
        let registry = try registry { _, response, count in
            if count == 0 { response.cutAfter = 50_000 }
            if response.status == 206 { response.headers = [("Content-Range", range)] }
        }
        #expect(try fixture.tars(registry.reference) == image.tars)
        #expect(starts(registry) == [0, 50_000, 0])
    }

    @Test("restart if the registry has no such range") func unsatisfiable() throws {
        let registry = try registry { _, response, count in
            if count == 0 { response.cutAfter = 50_000 }
            if response.status == 206 { response = Response(416) }
        }
        #expect(try fixture.tars(registry.reference) == image.tars)
        #expect(starts(registry) == [0, 50_000, 0])
    }

    @Test("restart if the parts do not fit together") func mixed() throws {
        let registry = try registry { _, response, count in
            if count == 0 {
                response.cutAfter = 50_000
                response.body[7] ^= 1
            } else if count < 4 {
                response = Response(503)
            }
        }
        #expect(throws: ToolError.self) { try fixture.tars(registry.reference) }
        #expect(try fixture.tars(registry.reference) == image.tars)
        #expect(starts(registry).suffix(2) == [50_000, 0])
    }

    @Test("end if no more bytes arrive", arguments: [0, 50_000]) func noProgress(_ first: Int) throws {
        let registry = try registry { _, response, count in response.cutAfter = count == 0 ? first : 0 }
        let failure = try #require(throws: ToolError.self) { try fixture.tars(registry.reference) }
        #expect(failure.code == .unavailable)
        #expect(failure.cause == "\(registry.authority): the connection was interrupted")
        // The first request and two retries; after progress the retries are counted again.
        #expect(starts(registry).count == 3)
    }

    @Test("end if they only ever restart") func circle() throws {
        let body = image.blobs[layer] ?? []
        let wrong = try registry { _, response, _ in
            response.cutAfter = 50_000
            if response.status == 206 { response.headers = [] }
        }
        #expect(try #require(throws: ToolError.self) { try fixture.tars(wrong.reference) }.code == .unavailable)
        #expect(starts(wrong).count < 10)
        let unequal = try registry { _, response, count in
            response = Response(200, body: body)
            response.cutAfter = count.isMultiple(of: 2) ? 50_000 : 100
        }
        #expect(try #require(throws: ToolError.self) { try fixture.tars(unequal.reference) }.code == .unavailable)
        #expect(starts(unequal).count < 10)
    }

    @Test("work without a length") func lengthless() throws {
        for length in [ScriptedServer.Response.Length.missing, .chunked] {
            let registry = try registry { _, response, count in
                response.length = length
                response.cutAfter = count == 0 ? 50_000 : nil
            }
            #expect(try PullFixture().tars(registry.reference) == image.tars)
            #expect(starts(registry).count == 2)
        }
    }

    @Test("continue after a slow or silent connection") func slow() throws {
        for isSilent in [false, true] {
            let fixture = try PullFixture()
            let registry = try registry { _, response, count in
                guard count == 0 else { return }
                if isSilent { response.delay = 20 } else { response.drip = (20, 0.05) }
            }
            let client = fixture.client(registry.authority, timeout: 2)
            #expect(try fixture.tars(registry.reference, client) == image.tars)
            #expect(starts(registry).count == 2)
            #expect((starts(registry)[1] == 0) == isSilent)
        }
    }

    @Test("end if the server is always slow") func dripping() throws {
        let registry = try registry { _, response, _ in response.drip = (1, 0.2) }
        let client = fixture.client(registry.authority, retries: 1, timeout: 0.3)
        let failure = try #require(throws: ToolError.self) { try fixture.tars(registry.reference, client) }
        #expect(failure.code == .unavailable)
        #expect(failure.cause == "\(registry.authority): fewer than 1024 bytes received in 0.3 s")
        #expect(failure.remedy == "try again, or wait longer for responses with \(.timeout)")
    }
}
