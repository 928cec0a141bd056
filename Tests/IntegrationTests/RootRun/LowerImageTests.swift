import Foundation
import TestSupport
import Testing

/// The file system of a base image, which is made once.
@Suite("The lower disk of a virtual machine")
struct LowerImageTests {
    private let bench: RootRunBench
    private let base: String

    init() throws {
        bench = try RootRunBench()
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

    /// Makes an image on the base; without sqfstar it cannot make a file system.
    private func build(withSqfstar: Bool) throws -> Program.Outcome {
        let directory = bench.machine.path("tools")
        try bench.machine.makeDirectory("tools")
        try Program.output(["bash", "-c", #"ln -sf "$(type -P qemu-system-x86_64)" "$0""#, directory])
        return try bench.build(
            ["fromImage": base, "runAsRoot": "cat /words > /heard"],
            environment: withSqfstar ? [:] : ["PATH": directory])
    }

    @Test("is made once for each chain of layers, and anew if it is damaged")
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
        try Program.output(["truncate", "--size=-4096", file])
        let third = try build(withSqfstar: false)
        #expect(third.status == 69)
        #expect(third.errors.contains("apt-get install squashfs-tools"))
        #expect(try build(withSqfstar: true).status == 0)
        #expect(try kept == files)
        #expect(try RootRunBench.layer(of: bench.machine.path("out/image.tar")).count == 1)
    }

    @Test("is kept only for layers that are what their image says")
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
