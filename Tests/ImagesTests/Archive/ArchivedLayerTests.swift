import ByteIO
import Errors
import Foundation
import Glibc
import Images
import OCI
import SystemPackage
import TestSupport
import Testing

@Suite("Layers of archives")
struct ArchivedLayerTests {
    private let directory: TemporaryDirectory
    private let layer: [UInt8]
    private let diffID: Digest
    private let wrong: Digest

    init() throws {
        directory = try TemporaryDirectory()
        var random = SeededGenerator(seed: 7)
        layer = try TestTar.files([("large", random.bytes(600_000))])
        diffID = try SHA256.digest(of: layer)
        wrong = try #require(Digest(hex: String(repeating: "0", count: 64)))
    }

    /// A layer of an archive, with given stored bytes.
    private func archived(
        _ stored: [UInt8], diffID: Digest, digest: Digest? = nil, cache: DigestCache? = nil
    ) throws -> ArchivedLayer {
        let name = digest.map { "blobs/sha256/\($0.hex)" } ?? "layer"
        let manifest = #"[{"Config":"c.json","Layers":["\#(name)"]}]"#
        try directory.write(
            TestTar.files([
                ("c.json", CraftedLayout.config([diffID])), (name, stored), ("manifest.json", Array(manifest.utf8)),
            ]), to: "a.tar")
        return try reopened(cache)
    }

    private func reopened(_ cache: DigestCache?) throws -> ArchivedLayer {
        var context = directory.reading
        context.cache = cache
        let image = try ImageArchive.open(FilePath(directory.path("a.tar")), context).images.first
        return try #require(image?.archivedLayers.first)
    }

    /// The bytes of a layer that is written to a file, to which the kernel copies.
    private func writtenByKernel(_ layer: ArchivedLayer) throws -> [UInt8] {
        let path = try directory.write([], to: "out")
        let descriptor = Glibc.open(path, O_WRONLY | O_TRUNC)
        defer { close(descriptor) }
        let sink = DescriptorSink(descriptor, name: path)
        #expect(sink.copiesFiles)
        try layer.open().write(to: sink)
        try sink.finish()
        return try directory.read("out")
    }

    private func writtenToMemory(_ layer: ArchivedLayer) throws -> [UInt8] {
        let sink = MemorySink()
        try layer.open().write(to: sink)
        return sink.bytes
    }

    /// The causes of the errors of all ways to read a layer.
    private func refusals(_ layer: ArchivedLayer, sourceLocation: SourceLocation = #_sourceLocation) -> Set<String?> {
        let ways: [() throws -> Void] = [
            { _ = try writtenByKernel(layer) }, { _ = try writtenToMemory(layer) }, { try layer.open().verify() },
        ]
        return Set(
            ways.map { way in
                let failure = #expect(throws: ToolError.self, sourceLocation: sourceLocation) { try way() }
                #expect(failure?.code == .data, sourceLocation: sourceLocation)
                #expect(
                    failure?.message.hasSuffix("the layer '\(layer.name)' of \(layer.archive)") == true,
                    sourceLocation: sourceLocation)
                return failure?.cause
            })
    }

    @Test(arguments: Compressed.allCases) func givesThePlainTar(_ compressed: Compressed) throws {
        let stored = try compressed.bytes(layer)
        for digest in [nil, try SHA256.digest(of: stored)] {
            let archived = try archived(stored, diffID: diffID, digest: digest)
            #expect(archived.size == UInt64(stored.count))
            #expect(archived.digest == digest)
            #expect(archived.storePaths.isEmpty)
            let open = try archived.open()
            #expect(open.size == UInt64(layer.count))
            #expect(open.knownDiffID == diffID)
            #expect(try writtenByKernel(archived) == layer)
            #expect(try writtenToMemory(archived) == layer)
            let plain = try open.uncompressedTar(spool: directory.reading.spool, needsBodies: true)
            #expect(plain.size == UInt64(layer.count))
            #expect(try plain.bytes() == layer)
            try open.verify()
        }
    }

    @Test(arguments: Compressed.allCases) func refusesAnotherDigestThanTheConfigSays(_ compressed: Compressed) throws {
        let stored = try compressed.bytes(layer)
        let said = compressed == .none ? "it has the digest" : "decompressed it has the digest"
        #expect(
            try refusals(archived(stored, diffID: wrong)) == ["\(said) \(diffID), and should have \(wrong)"])
    }

    @Test(arguments: Compressed.allCases) func refusesAnotherDigestThanItsNameSays(_ compressed: Compressed) throws {
        let stored = try compressed.bytes(layer)
        let cause =
            compressed == .none
            ? "its file is stated to have the digest \(wrong), and should have \(diffID)"
            : "its file has the digest \(try SHA256.digest(of: stored)), and should have \(wrong)"
        #expect(try refusals(archived(stored, diffID: diffID, digest: wrong)) == [cause])
    }

    @Test(arguments: Compressed.allCases) func refusesDamagedAndTruncatedLayers(_ compressed: Compressed) throws {
        var damaged = try compressed.bytes(layer)
        damaged[damaged.count / 2] ^= 0x40
        for stored in [damaged, Array(damaged.dropLast(100_000))] {
            for cause in try refusals(archived(stored, diffID: diffID)) {
                #expect(cause?.isEmpty == false)
            }
        }
    }

    @Test func countsWhatLiesBehindACompressedStreamAsItsFile() throws {
        let stored = try Compressed.gzip.bytes(layer)
        let padded = stored + [UInt8](repeating: 0, count: 700)
        let right = try SHA256.digest(of: padded)
        #expect(try writtenToMemory(archived(padded, diffID: diffID, digest: right)) == layer)
        let unpadded = try SHA256.digest(of: stored)
        #expect(
            try refusals(archived(padded, diffID: diffID, digest: unpadded))
                == ["its file has the digest \(right), and should have \(unpadded)"])
    }

    @Test func readsALayerOnceToHashIt() throws {
        // A file that changed a moment ago is hashed each time, so the cache's clock is ahead.
        let cache = DigestCache(in: CacheDirectory(FilePath(directory.path("cache"))) { _ in }) {
            DigestCache.now + 100_000_000_000
        }
        _ = try archived(layer, diffID: diffID)
        var status = stat()
        #expect(stat(directory.path("a.tar"), &status) == 0)
        try reopened(cache).open().verify()
        // The number of bytes that are read shows that the file is not hashed again.
        let entries = try FileManager.default.subpathsOfDirectory(atPath: directory.path("cache/layers"))
        #expect(entries.filter { $0.contains("/") }.count == 1)
        let read = try readBytes { try reopened(cache).open().verify() }
        #expect(read < layer.count)

        // A changed file of the same size and modification time is hashed, even if it was opened before the change.
        let before = try reopened(cache).open()
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: directory.path("a.tar")))
        try handle.seek(toOffset: 300_000)
        try handle.write(contentsOf: [1, 2, 3, 4])
        try handle.close()
        var times = [status.st_atim, status.st_mtim]
        #expect(utimensat(AT_FDCWD, directory.path("a.tar"), &times, 0) == 0)
        let layer = try reopened(cache)
        for read in [{ try layer.open().verify() }, { try before.write(to: MemorySink()) }] {
            let failure = #expect(throws: ToolError.self) { try read() }
            #expect(failure?.code == .data)
            #expect(failure?.cause.hasSuffix("and should have \(diffID)") == true)
        }
    }

    /// Bytes that this thread read while `body` ran.
    private func readBytes(_ body: () throws -> Void) throws -> Int {
        func count() throws -> Int {
            let text = try String(contentsOfFile: "/proc/thread-self/io", encoding: .utf8)
            let line = text.split(separator: "\n").first { $0.hasPrefix("rchar: ") }
            return Int(line?.dropFirst(7) ?? "") ?? 0
        }
        let start = try count()
        try body()
        return try count() - start
    }
}
