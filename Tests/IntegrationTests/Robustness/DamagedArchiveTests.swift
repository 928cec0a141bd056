import Foundation
import Glibc
import TestSupport
import Testing

/// Tests of the verbs that read images, with damaged archives, full disks and signals.
@Suite("Damaged archives")
struct DamagedArchiveTests {
    private let machine: TestMachine

    init() throws {
        machine = try TestMachine()
        try machine.write("text\n", to: "plain/etc/file")
        try machine.write([UInt8](repeating: 7, count: 200_000), to: "plain/large")
        try Program.output(["ln", machine.path("plain/etc/file"), machine.path("plain/twin")])
        try machine.spec(["contents": ["plain"], "tag": "1"])
    }

    /// Builds the image in a format and with a compressor.
    private func image(_ format: String, _ compressor: String) throws -> [UInt8] {
        let outcome = try machine.run(
            ["build", "spec.json", "-o", "image", "--quiet", "--format", format, "--compressor", compressor])
        try #require(outcome.status == 0)
        return try machine.directory.read("image")
    }

    /// The verbs that run on the damaged image.
    private static let verbs = [
        ["export", "damaged", "-o", "out/a.tar", "--quiet"], ["merge", "damaged", "-o", "out/b.tar", "--quiet"],
        ["build", "on.json", "-o", "out/c.tar", "--quiet"],
        ["merge", "damaged", "--format", "oci-layout", "-o", "out/d"],
        ["inspect", "damaged"], ["validate", "damaged"], ["diff", "damaged", "image"],
    ]

    @Test(
        "A damaged archive gives an error or the right image, and leaves nothing behind",
        arguments: [
            ("docker-archive", "none"), ("docker-archive", "gz"), ("docker-archive", "zstd"), ("oci-archive", "gz"),
            ("oci-archive", "zstd"),
        ])
    func damage(format: String, compressor: String) throws {
        let sound = try image(format, compressor)
        try machine.spec(["fromImage": "damaged", "contents": ["plain"]], to: "on.json")
        var random = SeededGenerator(seed: 3)
        var refusals = 0
        for round in 0..<12 {
            var bytes = sound
            let place = Int(random.next() % UInt64(sound.count))
            switch round % 3 {
            case 0: bytes = Array(bytes[..<place])
            case 1: bytes[place] ^= UInt8(1 << (random.next() % 8))
            default:
                bytes.replaceSubrange(
                    place..<min(bytes.count, place + 512), with: random.bytes(min(512, bytes.count - place)))
            }
            try machine.directory.write(bytes, to: "damaged")
            for verb in Self.verbs {
                let outcome = try machine.run(verb)
                // 1: diff found a difference.
                #expect([0, 1, 65].contains(outcome.status), "\(verb) round \(round): \(outcome.errors)")
                if outcome.status == 65 {
                    refusals += 1
                    #expect(outcome.errors.contains("error: ") && outcome.errors.contains("  why: "))
                    #expect(verb[0] == "validate" || outcome.output.isEmpty)
                }
                #expect(verb[0] == "diff" || outcome.status != 1)
                let isThere = outcome.status == 0 && verb.contains("-o")
                #expect(try machine.leftovers.isEmpty != isThere, "\(verb) round \(round)")
                for name in ["a.tar", "b.tar", "c.tar", "d"] { try? machine.remove("out/\(name)") }
            }
        }
        #expect(refusals > 20)
    }

    @Test("A layer with a wrong digest gives no output, whatever the verb")
    func lyingDigest() throws {
        let sound = try image("docker-archive", "none")
        let text = try #require(sound.firstRange(of: Array("text\n".utf8)))
        var bytes = sound
        bytes[text.lowerBound] = UInt8(ascii: "T")
        try machine.directory.write(bytes, to: "damaged")
        try machine.spec(["fromImage": "damaged"], to: "on.json")
        for verb in Self.verbs where verb[0] != "inspect" && verb[0] != "validate" {
            let outcome = try machine.run(verb)
            #expect(outcome.status == 65, "\(verb)")
            #expect(outcome.errors.contains("it has the digest sha256:"))
            #expect(outcome.errors.contains(", and should have sha256:"))
            #expect(try machine.leftovers == [])
        }
    }

    @Test(
        "A full disk has status 74, and nothing is left",
        arguments: [
            "export image -o out/x.tar", "merge image -o out/x.tar", "merge image --format oci-archive -o out/x.tar",
            "merge image --format oci-layout -o out/x", "build on.json -o out/x.tar",
            "layered on.json --format oci-layout -o out/x --compressor none",
        ])
    func fullDisk(command: String) throws {
        var random = SeededGenerator(seed: 1)
        try machine.write(random.bytes(4 << 20), to: "plain/large")
        _ = try image("docker-archive", "none")
        try machine.spec(["fromImage": "image"], to: "on.json")
        let outcome = try machine.shell(
            """
            unshare --mount bash -c 'mount -t tmpfs -o size=2m none out || exit 99
            $DOCKERTOOLS \(command) --quiet; status=$?; ls -A out; exit $status'
            """)
        #expect(outcome.status == 74)
        #expect(outcome.failure?.cause == "No space left on device (errno 28)")
        #expect(outcome.output.isEmpty)
        #expect(try machine.leftovers == [])
    }

    @Test("A full disk for work files has status 74, and nothing is left", arguments: ["gz", "zstd"])
    func fullWorkDisk(compressor: String) throws {
        _ = try image("docker-archive", compressor)
        let outcome = try machine.shell(
            """
            unshare --mount bash -c 'mount -t tmpfs -o size=64k none tmp || exit 99
            $DOCKERTOOLS export image -o out/x.tar --quiet; status=$?; ls -A tmp; exit $status'
            """)
        #expect(outcome.status == 74)
        #expect(outcome.errors.contains("cannot write to a work file in "))
        #expect(outcome.output.isEmpty)
        #expect(try machine.leftovers == [])
    }

    @Test(
        "Signals end export, merge and build, and nothing is left", arguments: [SIGINT, SIGTERM])
    func signals(signal: Int32) throws {
        try machine.write("", to: "plain/large")
        try #require(truncate(machine.path("plain/large"), 3 << 30) == 0)
        try machine.spec(["contents": ["plain"], "tag": "1"])
        let made = try machine.run(["build", "spec.json", "-o", "image", "--quiet", "--compressor", "none"])
        try #require(made.status == 0)
        try machine.spec(["fromImage": "image"], to: "on.json")
        let commands = [
            ["export", "image", "-o", "out/x.tar"], ["merge", "image", "-o", "out/x.tar"],
            ["merge", "image", "--format", "oci-layout", "-o", "out/x", "--compressor", "none"],
            ["build", "on.json", "-o", "out/x.tar"],
        ]
        for command in commands {
            let program = try RunningProgram(command, on: machine)
            let directory = machine.path("out")
            let hasBegun = try program.wait {
                try !FileManager.default.contentsOfDirectory(atPath: directory).isEmpty
            }
            #expect(hasBegun)
            program.send(signal)
            let outcome = program.end()
            #expect(outcome.status == 128 + signal, "\(command)")
            #expect(try machine.leftovers == [])
        }
    }
}
