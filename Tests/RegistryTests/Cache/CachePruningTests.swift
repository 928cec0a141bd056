import Foundation
import Glibc
import OCI
import Registry
import SystemPackage
import TestSupport
import Testing

@Suite("Cache pruning")
struct CachePruningTests {
    private let fixture: CacheFixture
    /// Three blobs of 1, 2 and 3 kB, used one, two and three days ago.
    private let blobs: [Digest]
    private let day: Int64 = 86_400_000_000_000

    init() throws {
        let fixture = try CacheFixture()
        blobs = try (1...3).map { try fixture.put([UInt8](repeating: UInt8($0), count: $0 * 1000)) }
        for (index, digest) in blobs.enumerated() {
            try Program.output(["touch", "-d", "\(index + 1) days ago", fixture.path("blobs/used", digest)])
        }
        self.fixture = fixture
    }

    private var contents: CacheContents { get throws { try CacheContents.read(fixture.directory) } }

    private var now: Int64 { Int64(Date().timeIntervalSince1970 * 1e9) }

    /// Adds an entry to the digest cache in `layers`.
    private func putDigest() throws {
        let hex = String(repeating: "ab", count: 32)
        try FileManager.default.createDirectory(
            atPath: fixture.files.path("cache/layers/ab"), withIntermediateDirectories: true)
        try fixture.files.write(Array("entry".utf8), to: "cache/layers/ab/\(hex)")
    }

    /// Adds the partial file of an interrupted fetch.
    @discardableResult
    private func putPartial() throws -> Digest {
        let digest = try SHA256.digest(of: [1])
        _ = try? fixture.cache().blob(digest, size: 100) {
            try $0.write([1, 2, 3])
            throw Interrupted()
        }
        return digest
    }

    @Test("lists all entries with size and last use, and no other files")
    func listing() throws {
        try putDigest()
        try putPartial()
        try fixture.files.write([1], to: "cache/blobs/sha256/readme")
        try fixture.files.write([1], to: "cache/other")
        let entries = try contents.entries
        #expect(entries.count == 5)
        #expect(entries.filter { $0.kind == .blobs }.map(\.size).sorted() == [1000, 2000, 3000])
        #expect(entries.filter { $0.kind == .partialBlobs }.map(\.size) == [3])
        #expect(entries.filter { $0.kind == .digests }.map(\.size) == [5])
        let oldest = try #require(entries.first { $0.size == 3000 })
        #expect(abs(now - oldest.lastUse - 3 * day) < day / 2)
        #expect(try CacheContents.read(FilePath(fixture.files.path("none"))).entries.isEmpty)
    }

    @Test("records a use without changing the blob's file")
    func use() throws {
        let path = fixture.path("blobs/sha256", blobs[2])
        let before = try Program.output(["stat", "-c", "%i %Y %Z %.Z", path])
        _ = try fixture.cache().blob(blobs[2], size: 3000) { _ in Issue.record("the blob is fetched again") }
        #expect(try Program.output(["stat", "-c", "%i %Y %Z %.Z", path]) == before)
        let entry = try #require(try contents.entries.first { $0.size == 3000 })
        #expect(abs(now - entry.lastUse) < day / 2)
    }

    @Test("removes all entries, and no files of other programs")
    func all() throws {
        try putDigest()
        try putPartial()
        try fixture.files.write([1], to: "cache/blobs/sha256/readme")
        #expect(try contents.prune(.all).count == 5)
        #expect(try contents.entries.isEmpty)
        #expect(fixture.names("blobs/sha256") == ["readme"])
        for part in ["partial", "used"] { #expect(fixture.names("blobs/\(part)").isEmpty) }
    }

    @Test("removes entries that were not used for some days")
    func age() throws {
        let removed = try contents.prune(.usedBefore(now - day * 3 / 2))
        #expect(removed.map(\.size).sorted() == [2000, 3000])
        #expect(fixture.names("blobs/sha256") == [blobs[0].hex])
        #expect(fixture.names("blobs/used") == [blobs[0].hex])
    }

    @Test(
        "removes the least recently used entries, down to a size",
        arguments: [(6000, 3), (5999, 2), (3000, 2), (2999, 1), (0, 0)])
    func size(limit: Int, left: Int) throws {
        _ = try contents.prune(.downTo(UInt64(limit)))
        #expect(Set(fixture.names("blobs/sha256")) == Set(blobs.prefix(left).map(\.hex)))
    }

    @Test("does not affect blobs that are being read or fetched")
    func inUse() throws {
        let open = try fixture.cache().blob(blobs[0], size: 1000) { _ in }
        let bytes: [UInt8] = [1, 2, 3, 4]
        let digest = try SHA256.digest(of: bytes)
        let fetched = try fixture.cache().blob(digest, size: 4) { partial in
            try partial.write([1, 2])
            let removed = try contents.prune(.all)
            #expect(removed.count == 3)
            #expect(removed.allSatisfy { $0.kind == .blobs })
            try partial.write([3, 4])
        }
        #expect(try open.contents == [UInt8](repeating: 1, count: 1000))
        #expect(try fetched.contents == bytes)
        #expect(fixture.names("blobs/sha256") == [digest.hex])
    }
}
