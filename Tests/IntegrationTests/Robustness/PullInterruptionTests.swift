import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Interrupted pulls")
struct PullInterruptionTests {
    private let machine: TestMachine
    private let image: ScriptedImage
    /// A registry that sends layers slowly.
    private let registry: ScriptedRegistry
    private let arguments: [String]
    /// Holds the first response with the first layer back before its end, until it is open.
    private let gate = ScriptedServer.Gate()

    init() throws {
        machine = try TestMachine()
        image = try ScriptedImage(sizes: [2_000_000, 10, 700_000])
        registry = try ScriptedRegistry(image) { [image, gate] request, correct, count in
            var response = correct
            if request.path.contains("/blobs/") { response.drip = (32_768, 0.01) }
            if request.path.hasSuffix(image.layers[0]), count == 0 { response.hold = (1_500_000, gate) }
            return response
        }
        arguments = ["pull", registry.reference, "-o", "out/image.tar", "--final-image-name", "app"]
    }

    private var layer: String { String(image.layers[0].dropFirst("sha256:".count)) }

    /// The number of downloaded bytes of the first layer.
    private func partial() throws -> Int {
        let path = machine.path("cache/dockertools/blobs/partial/\(layer)")
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return attributes?[.size] as? Int ?? 0
    }

    /// Starts a pull, and waits until the first layer is partly downloaded.
    private func started() throws -> RunningProgram {
        let program = try RunningProgram(arguments, on: machine)
        #expect(try program.wait { try partial() > 300_000 })
        return program
    }

    /// Checks that each blob in the cache has the digest in its name.
    private func expectValidCache() throws {
        let outcome = try machine.shell(
            """
            find cache/dockertools/blobs/sha256 -type f 2> /dev/null |
                while read -r blob; do echo "$(basename "$blob")  $blob"; done > sums
            test ! -s sums || sha256sum --check --quiet sums
            """)
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    /// Pulls to the end, and checks that the archive is the same as from an uninterrupted pull.
    private func expectEnd() throws {
        gate.open()
        let outcome = try machine.run(arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try machine.leftovers == ["out/image.tar"])
        let other = try TestMachine()
        try #require(try other.run(arguments).status == 0)
        #expect(try machine.directory.read("out/image.tar") == other.directory.read("out/image.tar"))
        #expect(try machine.shell("ls cache/dockertools/blobs/partial").text == "")
        try expectValidCache()
    }

    /// The first byte that each request for the first layer asks for.
    private var starts: [Int] {
        registry.requests(registry.path(image.layers[0])).map { request in
            request.headers["range"].flatMap { Int($0.dropFirst("bytes=".count).dropLast()) } ?? 0
        }
    }

    @Test(
        "A signal leaves only partial blobs, from which the next pull resumes",
        arguments: [
            (SIGINT, Int32(130), "error: interrupted, nothing was left behind\n"),
            (SIGTERM, Int32(143), "error: terminated, nothing was left behind\n"),
        ])
    func signals(_ signal: Int32, _ status: Int32, _ message: String) throws {
        let program = try started()
        program.send(signal)
        let outcome = program.end()
        #expect(outcome.status == status)
        #expect(outcome.errors.hasSuffix(message))
        #expect(outcome.output.isEmpty)
        #expect(try machine.leftovers == [])
        try expectEnd()
        #expect(starts.count == 3)
        #expect(starts[1] > 300_000)
    }

    @Test("SIGKILL leaves only partial blobs as well") func killed() throws {
        let program = try started()
        program.send(SIGKILL)
        #expect(program.end().status == SIGKILL)
        #expect(try machine.leftovers.allSatisfy { $0.hasPrefix("out/.") })
        try expectEnd()
        #expect(starts[1] > 300_000)
    }

    @Test("The cache is valid after a signal at any moment") func anyMoment() throws {
        var random = SeededGenerator(seed: UInt64.random(in: 0...UInt64.max))
        for _ in 0..<12 {
            let program = try RunningProgram(arguments, on: machine)
            usleep(UInt32.random(in: 0..<400_000, using: &random))
            program.send([SIGINT, SIGTERM, SIGKILL].randomElement(using: &random) ?? SIGKILL)
            _ = program.end()
            try expectValidCache()
            _ = try machine.shell("rm -f out/*")
        }
        try expectEnd()
    }

    @Test("Parallel pulls fetch each blob once") func together() throws {
        let other = ["pull", registry.reference, "-o", "out/other.tar", "--final-image-name", "app"]
        let programs = [try started(), try RunningProgram(other, on: machine)]
        gate.open()
        for program in programs {
            let outcome = program.end()
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        for blob in image.layers + [image.config] { #expect(registry.requests(registry.path(blob)).count == 1) }
        #expect(try machine.leftovers == ["out/image.tar", "out/other.tar"])
        #expect(try machine.directory.read("out/image.tar") == machine.directory.read("out/other.tar"))
    }

    @Test("A waiting pull takes over the blobs of one that ends") func heir() throws {
        let first = try started()
        let heir = try RunningProgram(
            ["pull", registry.reference, "-o", "out/other.tar", "--final-image-name", "app"], on: machine)
        #expect(heir.wait { heir.errors.contains("fetching the blob sha256:\(layer)") })
        first.send(SIGKILL)
        _ = first.end()
        gate.open()
        let outcome = heir.end()
        #expect(outcome.status == 0, "\(outcome.errors)")
        try #require(starts.count == 2)
        #expect(starts[1] > 300_000)
        try machine.remove("out/other.tar")
        try expectEnd()
    }

    @Test("A full disk leaves nothing, whichever disk it is") func fullDisk() throws {
        gate.open()
        let command = "$DOCKERTOOLS pull \(registry.reference) -o out/image.tar --final-image-name app --quiet"
        for (directory, what, fix) in [
            (
                "cache", "cannot write to the cache directory '\(machine.path("cache/dockertools"))'",
                "free some space, for example by pruning the cache, or set XDG_CACHE_HOME to another disk"
            ),
            ("out", "cannot write to out/image.tar", "free some space, or write to another disk"),
        ] {
            let outcome = try machine.onSmallDisk(directory, command)
            #expect(outcome.status == 74)
            #expect(outcome.failure?.what == what)
            #expect(outcome.failure?.cause == "No space left on device (errno 28)")
            #expect(outcome.failure?.fix == fix)
            #expect(try machine.leftovers == [])
        }
        try expectEnd()
    }
}
