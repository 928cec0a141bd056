import ByteIO
import Errors
import Foundation
import Glibc
import OCI
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite("The blob cache")
struct BlobCacheTests {
    private let bench: CacheFixture
    private let bytes: [UInt8]
    private let digest: Digest

    init() throws {
        bench = try CacheFixture()
        var random = SeededGenerator(seed: 4)
        bytes = random.bytes(700_000)
        digest = try SHA256.digest(of: bytes)
    }

    private var size: UInt64 { UInt64(bytes.count) }

    /// Asks another run's cache for the blob, which must be there.
    private func cached() throws -> [UInt8] {
        try bench.cache().blob(digest, size: size) { _ in Issue.record("it is fetched") }.contents
    }

    @Test("fetches a blob once, for all runs")
    func once() throws {
        let cache = bench.cache()
        let blob = try cache.blob(digest, size: size) { try $0.write(bytes) }
        #expect(try blob.contents == bytes)
        #expect(blob.file.identity != nil)
        #expect(fcntl(blob.file.descriptor, F_GETFL) & O_ACCMODE == O_RDONLY)
        #expect(try cache.blob(digest, size: size) { _ in Issue.record("it is fetched") }.contents == bytes)
        #expect(try cached() == bytes)
        #expect(try bench.files.read("cache/blobs/sha256/\(digest.hex)") == bytes)
        #expect(bench.names("blobs/partial").isEmpty)
        #expect(bench.words.isEmpty)
    }

    @Test("takes whole buffers, of a blob whose size nobody knows, and an empty blob")
    func forms() throws {
        let blob = try bench.cache().blob(digest, size: nil) { partial in
            var buffer = BlockBuffer(capacity: partial.bufferSize)
            let source = MemorySource(bytes)
            while true {
                let read = try source.read(into: buffer.room)
                buffer.advance(read)
                guard buffer.filled > 0 else { break }
                buffer = try partial.take(buffer)
            }
            #expect(partial.count == size)
        }
        #expect(try blob.contents == bytes)
        let empty = try SHA256.digest(of: [])
        #expect(try bench.cache().blob(empty, size: 0) { _ in }.contents == [])
        #expect(try bench.cache().blob(empty, size: 0) { _ in }.contents == [])
    }

    @Test("goes on where a fetch was cut, and hashes what is there already")
    func resumed() throws {
        #expect(throws: Cut.self) {
            try bench.cache().blob(digest, size: size) {
                try $0.write(Array(bytes[..<300_000]))
                throw Cut()
            }
        }
        #expect(try bench.files.read("cache/blobs/partial/\(digest.hex)") == Array(bytes[..<300_000]))
        #expect(bench.names("blobs/sha256").isEmpty)
        let blob = try bench.cache().blob(digest, size: size) {
            #expect($0.count == 300_000)
            try $0.write(Array(bytes[300_000...]))
        }
        #expect(try blob.contents == bytes)
        #expect(bench.names("blobs/partial").isEmpty)
    }

    @Test("begins anew where the server gives all again")
    func restarted() throws {
        _ = try? bench.cache().blob(digest, size: size) {
            try $0.write(Array(bytes[..<300_000]))
            throw Cut()
        }
        let blob = try bench.cache().blob(digest, size: size) {
            try $0.restart()
            #expect($0.count == 0)
            try $0.write(bytes)
        }
        #expect(try blob.contents == bytes)
    }

    @Test("does not blame the server for what was damaged of a former fetch")
    func damagedPartial() throws {
        try FileManager.default.createDirectory(
            atPath: bench.files.path("cache/blobs/partial"), withIntermediateDirectories: true)
        for left in [[UInt8](repeating: 0, count: 1000), [UInt8](repeating: 0, count: bytes.count), bytes + [1]] {
            try? FileManager.default.removeItem(atPath: bench.path("blobs/sha256", digest))
            try bench.files.write(left, to: "cache/blobs/partial/\(digest.hex)")
            let blob = try bench.cache().blob(digest, size: size) { try $0.write(Array(bytes[Int($0.count)...])) }
            #expect(try blob.contents == bytes)
        }
        try? FileManager.default.removeItem(atPath: bench.path("blobs/sha256", digest))
        try bench.files.write(bytes, to: "cache/blobs/partial/\(digest.hex)")
        #expect(try cached() == bytes)
    }

    @Test("refuses other bytes, fewer and more, and keeps nothing of them")
    func wrong() throws {
        var other = bytes
        other[5] ^= 1
        let otherDigest = try SHA256.digest(of: other)
        for (given, words) in [
            (other, "the fetched data has the digest \(otherDigest)"),
            (Array(bytes.dropLast()), "it has 699999 bytes instead of 700000"),
            (bytes + [0], "it is larger than the expected 700000 bytes"),
        ] {
            for cache in [bench.cache(), bench.homeless] {
                let failure = #expect(throws: ToolError.self) {
                    try cache.blob(digest, size: size) { try $0.write(given) }
                }
                #expect(failure?.code == .data)
                #expect(failure?.message == "cannot use the blob \(digest)")
                #expect(failure?.cause == words)
                #expect(bench.names("blobs/sha256").isEmpty)
                #expect(bench.names("blobs/partial").isEmpty)
            }
        }
    }

    @Test("refuses a size that the blob does not have, and keeps the blob")
    func wrongSize() throws {
        try bench.put(bytes)
        let failure = #expect(throws: ToolError.self) { try bench.cache().blob(digest, size: 5) { _ in } }
        #expect(failure?.code == .data)
        #expect(failure?.cause == "it has 700000 bytes instead of 5")
        #expect(try cached() == bytes)
    }

    @Test("notices a damaged blob, says so, and fetches it anew")
    func damaged() throws {
        try bench.put(bytes)
        let path = "cache/blobs/sha256/\(digest.hex)"
        var flipped = bytes
        flipped[699_999] ^= 128
        for (number, damaged) in [flipped, Array(bytes.dropLast()), bytes + [0], []].enumerated() {
            try bench.files.write(damaged, to: path)
            let blob = try bench.cache().blob(digest, size: size) { try $0.write(bytes) }
            #expect(try blob.contents == bytes)
            #expect(try bench.files.read(path) == bytes)
            #expect(bench.words.count == number + 1)
        }
        #expect(bench.words.allSatisfy { $0 == "the blob \(digest) in the cache is damaged; fetching it again" })
    }

    @Test("puts links, directories and FIFOs in a blob's place aside")
    func misplaced() throws {
        try bench.put(bytes)
        let path = bench.path("blobs/sha256", digest)
        let target = try bench.files.write(bytes, to: "target")
        for script in ["ln -s '\(target)' '\(path)'", "mkdir '\(path)'", "mkfifo '\(path)'"] {
            try Program.output(["bash", "-c", "rm -f '\(path)'; \(script)"])
            #expect(try bench.cache().blob(digest, size: size) { try $0.write(bytes) }.contents == bytes)
            #expect(try cached() == bytes)
        }
        #expect(bench.words.count == 3)
        #expect(try bench.files.read("target") == bytes)
    }

    @Test("has one of several that want a blob fetch it, and the others wait")
    func together() throws {
        let fetches = Mutex(0)
        let blobs = try OrderedThreadPool<Int, [UInt8]>.map(Array(0..<6)) { _ in
            try bench.cache().blob(digest, size: size) { partial in
                fetches.withLock { $0 += 1 }
                for part in 0..<7 {
                    try partial.write(Array(bytes[(part * 100_000)..<((part + 1) * 100_000)]))
                    usleep(20_000)
                }
            }.contents
        }
        #expect(blobs.count == 6)
        #expect(blobs.allSatisfy { $0 == bytes })
        #expect(fetches.withLock { $0 } == 1)
        #expect(bench.names("blobs/partial").isEmpty)
    }

    @Test("waits for another process that fetches the blob, and goes on with what that one left")
    func otherProcess() throws {
        let partial = bench.path("blobs/partial", digest)
        try FileManager.default.createDirectory(
            atPath: bench.files.path("cache/blobs/partial"), withIntermediateDirectories: true)
        let part = try bench.files.write(Array(bytes[..<1000]), to: "part")
        let holder = Process()
        holder.executableURL = URL(filePath: "/usr/bin/flock")
        holder.arguments = [
            partial, "bash", "-c", "touch '\(bench.files.path("locked"))'; sleep 0.5; cat '\(part)' > '\(partial)'",
        ]
        try holder.run()
        while !FileManager.default.fileExists(atPath: bench.files.path("locked")) { usleep(5000) }
        let blob = try bench.cache().blob(digest, size: size) {
            #expect($0.count == 1000)
            try $0.write(Array(bytes[1000...]))
        }
        holder.waitUntilExit()
        #expect(try blob.contents == bytes)
        #expect(bench.words == ["waiting for another process that is fetching the blob \(digest)"])
    }

    @Test("does without a directory, and without one that cannot be made")
    func homeless() throws {
        for directory in ["/proc/none", "/dev/null/cache", bench.files.path("file/cache")] {
            try bench.files.write([], to: "file")
            let cache = bench.cache(in: FilePath(directory))
            #expect(try cache.blob(digest, size: size) { try $0.write(bytes) }.contents == bytes)
            #expect(try cache.blob(digest, size: size) { _ in Issue.record("it is fetched") }.contents == bytes)
        }
        let blob = try bench.homeless.blob(digest, size: size) { try $0.write(bytes) }
        #expect(try blob.contents == bytes)
        #expect(blob.file.identity == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: bench.files.path("tmp")).isEmpty)
        #expect(bench.words.isEmpty)
    }

    @Test("has nothing left of a fetch that gave nothing")
    func nothing() throws {
        #expect(throws: Cut.self) { try bench.cache().blob(digest, size: size) { _ in throw Cut() } }
        #expect(bench.names("blobs/partial").isEmpty)
        #expect(bench.names("blobs/sha256").isEmpty)
    }
}
