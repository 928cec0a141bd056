import TestSupport
import Testing

/// Pulls from a misbehaving registry, as users see them. RegistryTests contain every case.
@Suite("Pulls from a hostile registry")
struct HostileRegistryTests {
    private typealias Response = ScriptedServer.Response

    private let machine: TestMachine
    private let image: ScriptedImage

    init() throws {
        machine = try TestMachine()
        image = try ScriptedImage(sizes: [300_000, 10])
    }

    private func pull(_ registry: ScriptedRegistry, _ options: [String] = []) throws -> Program.Outcome {
        try machine.run(["pull", registry.reference, "-o", "out/image.tar", "--quiet", "--retries", "1"] + options)
    }

    /// Pulls with changed responses for the blobs of layers.
    ///
    /// - Returns: the error.
    private func failure(
        _ status: Int32, _ options: [String] = [], _ change: @escaping @Sendable (inout ScriptedServer.Response) -> Void
    ) throws -> (failure: (what: String, cause: String, fix: String), registry: ScriptedRegistry) {
        let registry = try ScriptedRegistry(image) { [layers = image.layers] request, correct, _ in
            var response = correct
            if layers.contains(where: { request.path.hasSuffix($0) }) { change(&response) }
            return response
        }
        let outcome = try pull(registry, options)
        #expect(outcome.status == status)
        #expect(outcome.output.isEmpty)
        #expect(try machine.leftovers == [])
        return (try #require(outcome.failure), registry)
    }

    @Test("A correct registry gives the image") func correct() throws {
        let registry = try ScriptedRegistry(image)
        #expect(try pull(registry).status == 0)
        #expect(try machine.leftovers == ["out/image.tar"])
        #expect(try machine.shell("tar -xOf out/image.tar manifest.json").text.contains(registry.authority))
    }

    @Test("A layer with another digest or size has status 65") func lies() throws {
        let layer = image.layers[0]
        let other = try failure(65) { $0.body[5] ^= 1 }.failure
        #expect(other.what == "cannot use the blob \(layer)")
        #expect(other.cause.hasPrefix("the fetched data has the digest sha256:"))
        let long = try failure(65) { $0.body += [0] }.failure
        #expect(long.cause.hasPrefix("it is larger than the expected "))
        let short = try failure(65) { $0.body.removeLast() }.failure
        #expect(short.cause.hasPrefix("it has ") && short.cause.contains(" bytes instead of "))
        #expect(try !machine.shell("ls cache/dockertools/blobs/*").text.contains(layer.dropFirst("sha256:".count)))
    }

    @Test("Failures, timeouts and rate limits have status 69") func busy() throws {
        let (broken, registry) = try failure(69) { $0 = Response(500) }
        #expect(broken.what == "cannot pull \(registry.reference)")
        #expect(broken.cause.hasSuffix("returned 500"))
        #expect(registry.requests(registry.path(image.layers[0])).count == 2)
        let silent = try failure(69, ["--timeout", "0.3"]) { $0.delay = 2 }.failure
        #expect(silent.cause.hasSuffix("no response within 0.3 s"))
        #expect(silent.fix == "try again, or wait longer for responses with --timeout")
        let limited = try failure(69) { $0 = Response(429, [("Retry-After", "7200")]) }.failure
        #expect(limited.cause.contains("rate limit is exceeded (retry after 7200 s)"))
    }

    @Test("Redirects to other hosts get no credentials, and link-local addresses are refused")
    func redirects() throws {
        let thief = try ScriptedServer(host: "127.0.0.2") { _ in Response(403) }
        let creds = ["--creds", "ann:s3cret"]
        let (elsewhere, _) = try failure(69, creds) { $0 = Response(307, [("Location", "\(thief.url)/blob")]) }
        #expect(elsewhere.cause.hasSuffix("returned 403"))
        #expect(thief.lines.contains("GET /blob"))
        #expect(thief.requests.allSatisfy { $0.headers["authorization"] == nil })
        let metadata = try failure(69, creds) { $0 = Response(307, [("Location", "http://169.254.169.254/x")]) }.failure
        #expect(metadata.cause.contains("is not allowed: 169.254.169.254 is a link-local address"))
        #expect(!metadata.cause.contains("s3cret"))
    }

    @Test("An interrupted download resumes, several times") func cut() throws {
        let registry = try ScriptedRegistry(image) { [layer = image.layers[0]] request, correct, count in
            var response = correct
            if request.path.hasSuffix(layer), count < 3 { response.cutAfter = 60_000 }
            return response
        }
        #expect(try pull(registry).status == 0)
        let ranges = registry.requests(registry.path(image.layers[0])).map { $0.headers["range"] }
        #expect(ranges.count == 4)
        #expect(ranges[0] == nil && !ranges.dropFirst().contains(nil))
    }

    @Test("Memory stays constant for any size of layer") func memory() throws {
        let registry = try ScriptedRegistry(ScriptedImage(sizes: [160 << 20]))
        // Prints the peak resident memory in KiB.
        let script = """
            import os, sys
            process = os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
            _, status, usage = os.wait4(process, 0)
            print(usage.ru_maxrss, file=sys.stderr)
            sys.exit(os.waitstatus_to_exitcode(status))
            """
        let outcome = try Program.run(
            [
                "python3", "-c", script, Dockertools.path, "pull", registry.reference, "-o", "out/image.tar", "--quiet",
            ], environment: machine.environment, in: machine.directory.path)
        #expect(outcome.status == 0)
        let peak = try #require(outcome.errors.split(separator: "\n").last.flatMap { Int($0) })
        #expect(peak <= 64 * 1024)
        #expect(try machine.leftovers == ["out/image.tar"])
    }
}
