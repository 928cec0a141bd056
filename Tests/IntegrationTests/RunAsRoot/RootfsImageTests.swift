import Foundation
import TestSupport
import Testing

/// Tests of the base image's file system, which is made once and cached.
@Suite("Rootfs image of the base")
struct RootfsImageTests {
    private let bench: RunAsRootBench
    private let base: String

    init() throws {
        bench = try RunAsRootBench()
        let busybox = try bench.makeBusybox()
        try Data("what the base says\n".utf8).write(to: URL(fileURLWithPath: "\(busybox)/words"))
        try bench.machine.spec(["name": "base", "tag": "1", "contents": busybox], to: "base.json")
        base = bench.machine.path("base.tar")
        let outcome = try bench.machine.run(["layered", "base.json", "-o", base, "--quiet"])
        guard outcome.status == 0 else { throw Program.Failed(["layered"], outcome) }
    }

    private var kept: [String] {
        get throws {
            let directory = bench.machine.path("cache/dockertools/lower")
            guard FileManager.default.fileExists(atPath: directory) else { return [] }
            return try FileManager.default.contentsOfDirectory(atPath: directory)
        }
    }

    /// Builds an image on the base. Without sqfstar no new rootfs image can be made.
    private func build(withSqfstar: Bool) throws -> Program.Outcome {
        let directory = bench.machine.path("tools")
        try bench.machine.makeDirectory("tools")
        try Program.output(["bash", "-c", #"ln -sf "$(type -P qemu-system-x86_64)" "$0""#, directory])
        return try bench.build(
            ["fromImage": base, "runAsRoot": "cat /words > /heard"],
            environment: withSqfstar ? [:] : ["PATH": directory])
    }

    @Test("The rootfs image is made once for a chain of layers, and again if it is damaged")
    func isKept() throws {
        let first = try build(withSqfstar: true)
        #expect(first.status == 0, "\(first.errors)")
        #expect(first.errors.contains("making the virtual machine's disk of the base image"))
        let files = try kept
        #expect(files.count == 1)
        #expect(files.first?.hasSuffix(".squashfs") == true)
        let second = try build(withSqfstar: false)
        #expect(second.status == 0, "\(second.errors)")
        #expect(!second.errors.contains("making the virtual machine's disk"))
        let file = bench.machine.path("cache/dockertools/lower/\(files.first ?? "")")
        let intact = try Data(contentsOf: URL(fileURLWithPath: file))
        var flipped = intact
        flipped[intact.count / 2] ^= 1
        for damaged in [intact.dropLast(4096), flipped] {
            try damaged.write(to: URL(fileURLWithPath: file))
            let third = try build(withSqfstar: false)
            #expect(third.status == 69)
            #expect(third.errors.contains("apt-get install squashfs-tools"))
        }
        #expect(try build(withSqfstar: true).status == 0)
        #expect(try kept == files)
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == intact)
        #expect(try RunAsRootBench.layer(of: bench.machine.path("out/image.tar")).count == 1)
    }

    @Test("The rootfs image is cached only if the layers have their digests")
    func isVerified() throws {
        var archive = try bench.machine.directory.read("base.tar")
        let words = try #require(archive.firstRange(of: Array("what the base says".utf8)))
        archive[words.lowerBound] ^= 1
        try bench.machine.write(archive, to: "base.tar")
        let outcome = try build(withSqfstar: true)
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("it has the digest"))
        #expect(try kept == [])
        #expect(try bench.machine.leftovers == [])
    }
}
