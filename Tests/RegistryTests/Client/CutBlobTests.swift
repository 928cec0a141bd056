import Errors
@testable import Registry
import Synchronization
import TestSupport
import Testing

@Suite("Blobs that are cut")
struct CutBlobTests {
    private let bench: PullFixture
    private let image: ScriptedImage
    private let layer: String

    init() throws {
        bench = try PullFixture()
        image = try ScriptedImage()
        layer = image.layers[0]
    }

    private typealias Answer = ScriptedServer.Answer

    /// A registry that lies about the first layer; the lie is told how often it was asked for before.
    private func registry(
        _ lie: @escaping @Sendable (ScriptedServer.Request, inout ScriptedServer.Answer, Int) -> Void
    ) throws -> ImageServer {
        try ImageServer(image) { [layer] request, honest, count in
            var answer = honest
            if request.path.hasSuffix(layer) { lie(request, &answer, count) }
            return answer
        }
    }

    /// The bytes that the layer's requests began at.
    private func starts(_ registry: ImageServer) -> [Int] {
        registry.requests(registry.path(layer)).map { request in
            request.headers["range"].flatMap { Int($0.dropFirst("bytes=".count).dropLast()) } ?? 0
        }
    }

    @Test("go on where they were cut") func resumed() throws {
        let registry = try registry { _, answer, count in answer.cutAfter = count < 3 ? 50_000 : nil }
        #expect(try bench.tars(registry.reference) == image.tars)
        #expect(starts(registry) == [0, 50_000, 100_000, 150_000])
    }

    @Test("go on in another run") func nextRun() throws {
        let registry = try registry { _, answer, count in
            if count == 0 { answer.cutAfter = 50_000 } else if count < 4 { answer = Answer(503) }
        }
        #expect(throws: ToolError.self) { try bench.tars(registry.reference) }
        #expect(bench.names("partial") == [String(layer.dropFirst(7))])
        #expect(try bench.tars(registry.reference) == image.tars)
        #expect(starts(registry) == [0, 50_000, 50_000, 50_000, 50_000])
        #expect(bench.names("partial").isEmpty)
    }

    @Test("begin anew where the registry knows no ranges") func noRanges() throws {
        let body = image.blobs[layer] ?? []
        let registry = try registry { _, answer, count in
            answer = Answer(200, body: body)
            answer.cutAfter = count == 0 ? 50_000 : nil
        }
        #expect(try bench.tars(registry.reference) == image.tars)
        #expect(starts(registry) == [0, 50_000])
    }

    @Test(
        "begin anew where the registry gives another part than was asked for",
        arguments: ["bytes 0-9/10", "bytes 49999-100000/*", "bytes x-", "50000-", ""])
    func wrongRange(_ range: String) throws {
        let registry = try registry { _, answer, count in
            if count == 0 { answer.cutAfter = 50_000 }
            if answer.status == 206 { answer.headers = [("Content-Range", range)] }
        }
        #expect(try bench.tars(registry.reference) == image.tars)
        #expect(starts(registry) == [0, 50_000, 0])
    }

    @Test("begin anew where the registry has no such part") func unsatisfiable() throws {
        let registry = try registry { _, answer, count in
            if count == 0 { answer.cutAfter = 50_000 }
            if answer.status == 206 { answer = Answer(416) }
        }
        #expect(try bench.tars(registry.reference) == image.tars)
        #expect(starts(registry) == [0, 50_000, 0])
    }

    @Test("begin anew where what came of two blobs was put together") func mixed() throws {
        let registry = try registry { _, answer, count in
            if count == 0 {
                answer.cutAfter = 50_000
                answer.body[7] ^= 1
            } else if count < 4 {
                answer = Answer(503)
            }
        }
        #expect(throws: ToolError.self) { try bench.tars(registry.reference) }
        #expect(try bench.tars(registry.reference) == image.tars)
        #expect(starts(registry).suffix(2) == [50_000, 0])
    }

    @Test("are given up where nothing more comes", arguments: [0, 50_000]) func noProgress(_ first: Int) throws {
        let registry = try registry { _, answer, count in answer.cutAfter = count == 0 ? first : 0 }
        let failure = try #require(throws: ToolError.self) { try bench.tars(registry.reference) }
        #expect(failure.code == .unavailable)
        #expect(failure.cause == "\(registry.authority): the connection was interrupted")
        // The first, and two retries; after one that brought something another two.
        #expect(starts(registry).count == 3)
    }

    @Test("are given up where they end and begin anew for ever") func circle() throws {
        let body = image.blobs[layer] ?? []
        let wrong = try registry { _, answer, _ in
            answer.cutAfter = 50_000
            if answer.status == 206 { answer.headers = [] }
        }
        #expect(try #require(throws: ToolError.self) { try bench.tars(wrong.reference) }.code == .unavailable)
        #expect(starts(wrong).count < 10)
        let unequal = try registry { _, answer, count in
            answer = Answer(200, body: body)
            answer.cutAfter = count.isMultiple(of: 2) ? 50_000 : 100
        }
        #expect(try #require(throws: ToolError.self) { try bench.tars(unequal.reference) }.code == .unavailable)
        #expect(starts(unequal).count < 10)
    }

    @Test("come without a length") func lengthless() throws {
        for length in [ScriptedServer.Answer.Length.missing, .chunked] {
            let registry = try registry { _, answer, count in
                answer.length = length
                answer.cutAfter = count == 0 ? 50_000 : nil
            }
            #expect(try PullFixture().tars(registry.reference) == image.tars)
            #expect(starts(registry).count == 2)
        }
    }

    @Test("count as cut where the server drips or is silent") func slow() throws {
        for isSilent in [false, true] {
            let bench = try PullFixture()
            let registry = try registry { _, answer, count in
                guard count == 0 else { return }
                if isSilent { answer.delay = 3 } else { answer.drip = (20, 0.05) }
            }
            let client = bench.client(registry.authority, timeout: 0.5)
            #expect(try bench.tars(registry.reference, client) == image.tars)
            #expect(starts(registry).count == 2)
            #expect((starts(registry)[1] == 0) == isSilent)
        }
    }

    @Test("are given up where the server drips for ever") func dripping() throws {
        let registry = try registry { _, answer, _ in answer.drip = (1, 0.2) }
        let client = bench.client(registry.authority, retries: 1, timeout: 0.3)
        let failure = try #require(throws: ToolError.self) { try bench.tars(registry.reference, client) }
        #expect(failure.code == .unavailable)
        #expect(failure.cause == "\(registry.authority): fewer than 1024 bytes received in 0.3 s")
        #expect(failure.remedy == "try again, or wait longer for responses with \(.timeout)")
    }
}
