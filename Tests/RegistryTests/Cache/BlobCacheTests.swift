import ByteIO
import Errors
import Foundation
import Glibc
import OCI
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite("Blob cache")
struct BlobCacheTests {
    private let fixture: CacheFixture
    private let bytes: [UInt8]
    private let digest: Digest

    init() throws {
        fixture = try CacheFixture()
        var random = SeededGenerator(seed: 4)
        bytes = random.bytes(700_000)
        digest = try SHA256.digest(of: bytes)
    }

    private var size: UInt64 { UInt64(bytes.count) }

    /// The blob from the cache of another run; fails the test if it is fetched.
    private func cached() throws -> [UInt8] {
        try fixture.cache().blob(digest, size: size) { _ in Issue.record("the blob is fetched again") }.contents
    }

    @Test("fetches a blob once for all runs")
    func once() throws {
        let cache = fixture.cache()
        let blob = try cache.blob(digest, size: size) { try $0.write(bytes) }
        #expect(try blob.contents == bytes)
        #expect(blob.file.identity != nil)
        #expect(fcntl(blob.file.descriptor, F_GETFL) & O_ACCMODE == O_RDONLY)
        #expect(try cache.blob(digest, size: size) { _ in Issue.record("the blob is fetched again") }.contents == bytes)
        #expect(try cached() == bytes)
        #expect(try fixture.files.read("cache/blobs/sha256/\(digest.hex)") == bytes)
        #expect(fixture.names("blobs/partial").isEmpty)
        #expect(fixture.messages.isEmpty)
    }

    @Test("accepts whole buffers of a blob of unknown size, and an empty blob")
    func forms() throws {
        let blob = try fixture.cache().blob(digest, size: nil) { partial in
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
        #expect(try fixture.cache().blob(empty, size: 0) { _ in }.contents == [])
        #expect(try fixture.cache().blob(empty, size: 0) { _ in }.contents == [])
    }

    @Test("resumes an interrupted fetch, and hashes the existing bytes")
    func resumed() throws {
        #expect(throws: Interrupted.self) {
            try fixture.cache().blob(digest, size: size) {
                try $0.write(Array(bytes[..<300_000]))
                throw Interrupted()
            }
        }
        #expect(try fixture.files.read("cache/blobs/partial/\(digest.hex)") == Array(bytes[..<300_000]))
        #expect(fixture.names("blobs/sha256").isEmpty)
        let blob = try fixture.cache().blob(digest, size: size) {
            #expect($0.count == 300_000)
            try $0.write(Array(bytes[300_000...]))
        }
        #expect(try blob.contents == bytes)
        #expect(fixture.names("blobs/partial").isEmpty)
    }

    @Test("restarts if the server sends the whole blob again")
    func restarted() throws {
        _ = try? fixture.cache().blob(digest, size: size) {
            try $0.write(Array(bytes[..<300_000]))
            throw Interrupted()
        }
        let blob = try fixture.cache().blob(digest, size: size) {
            try $0.restart()
            #expect($0.count == 0)
            try $0.write(bytes)
        }
        #expect(try blob.contents == bytes)
    }

    @Test("fetches again if the bytes of an earlier fetch are damaged")
    func damagedPartial() throws {
        try FileManager.default.createDirectory(
            atPath: fixture.files.path("cache/blobs/partial"), withIntermediateDirectories: true)
        for left in [[UInt8](repeating: 0, count: 1000), [UInt8](repeating: 0, count: bytes.count), bytes + [1]] {
            try? FileManager.default.removeItem(atPath: fixture.path("blobs/sha256", digest))
            try fixture.files.write(left, to: "cache/blobs/partial/\(digest.hex)")
            let blob = try fixture.cache().blob(digest, size: size) { try $0.write(Array(bytes[Int($0.count)...])) }
            #expect(try blob.contents == bytes)
        }
        try? FileManager.default.removeItem(atPath: fixture.path("blobs/sha256", digest))
        try fixture.files.write(bytes, to: "cache/blobs/partial/\(digest.hex)")
        #expect(try cached() == bytes)
    }

    @Test(
        "fetches again what another user can write to", arguments: ["sha256", "partial"],
        [("chown", "65534"), ("chmod", "666")])
    func foreign(part: String, command: (name: String, argument: String)) throws {
        if part == "sha256" {
            try fixture.put(bytes)
        } else {
            _ = try? fixture.cache().blob(digest, size: size) {
                try $0.write(Array(bytes[..<300_000]))
                throw Interrupted()
            }
        }
        try Program.output([command.name, command.argument, fixture.path("blobs/\(part)", digest)])
        let blob = try fixture.cache().blob(digest, size: size) {
            #expect($0.count == 0)
            try $0.write(bytes)
        }
        #expect(try blob.contents == bytes)
        var status = stat()
        try #require(stat(fixture.path("blobs/sha256", digest), &status) == 0)
        #expect(status.st_uid == 0 && status.st_mode & 0o022 == 0)
        #expect(fixture.messages.count == 1)
        #expect(fixture.messages.first?.hasPrefix("a cached file is not used: ") == true)
        #expect(try cached() == bytes)
    }

    @Test("uses no directory that another user can write to", arguments: ["cache", "cache/blobs/used"])
    func foreignDirectory(name: String) throws {
        try fixture.put(bytes)
        try Program.output(["chown", "65534", fixture.files.path(name)])
        let blob = try fixture.cache().blob(digest, size: size) { try $0.write(bytes) }
        #expect(try blob.contents == bytes)
        #expect(blob.file.identity == nil)
        #expect(fixture.messages.count == 1)
    }

    @Test("rejects wrong, missing and extra bytes, and keeps none of them")
    func wrong() throws {
        var other = bytes
        other[5] ^= 1
        let otherDigest = try SHA256.digest(of: other)
        for (given, words) in [
            (other, "the fetched data has the digest \(otherDigest)"),
            (Array(bytes.dropLast()), "it has 699999 bytes instead of 700000"),
            (bytes + [0], "it is larger than the expected 700000 bytes"),
        ] {
            for cache in [fixture.cache(), fixture.withoutDirectory] {
                let failure = #expect(throws: ToolError.self) {
                    try cache.blob(digest, size: size) { try $0.write(given) }
                }
                #expect(failure?.code == .data)
                #expect(failure?.message == "cannot use the blob \(digest)")
                #expect(failure?.cause == words)
                #expect(fixture.names("blobs/sha256").isEmpty)
                #expect(fixture.names("blobs/partial").isEmpty)
            }
        }
    }

    @Test("rejects a wrong size, and keeps the blob")
    func wrongSize() throws {
        try fixture.put(bytes)
        let failure = #expect(throws: ToolError.self) { try fixture.cache().blob(digest, size: 5) { _ in } }
        #expect(failure?.code == .data)
        #expect(failure?.cause == "it has 700000 bytes instead of 5")
        #expect(try cached() == bytes)
    }

    @Test("detects a damaged blob, reports it, and fetches it again")
    func damaged() throws {
        try fixture.put(bytes)
        let path = "cache/blobs/sha256/\(digest.hex)"
        var flipped = bytes
        flipped[699_999] ^= 128
        for (number, damaged) in [flipped, Array(bytes.dropLast()), bytes + [0], []].enumerated() {
            try fixture.files.write(damaged, to: path)
            let blob = try fixture.cache().blob(digest, size: size) { try $0.write(bytes) }
            #expect(try blob.contents == bytes)
            #expect(try fixture.files.read(path) == bytes)
            #expect(fixture.messages.count == number + 1)
        }
        #expect(fixture.messages.allSatisfy { $0 == "the blob \(digest) in the cache is damaged; fetching it again" })
    }

    @Test("replaces links, directories and FIFOs in a blob's place")
    func misplaced() throws {
        try fixture.put(bytes)
        let path = fixture.path("blobs/sha256", digest)
        let target = try fixture.files.write(bytes, to: "target")
        for script in ["ln -s '\(target)' '\(path)'", "mkdir '\(path)'", "mkfifo '\(path)'"] {
            try Program.output(["bash", "-c", "rm -f '\(path)'; \(script)"])
            #expect(try fixture.cache().blob(digest, size: size) { try $0.write(bytes) }.contents == bytes)
            #expect(try cached() == bytes)
        }
        #expect(fixture.messages.count == 3)
        #expect(try fixture.files.read("target") == bytes)
    }

    @Test("fetches a blob once for several threads")
    func together() throws {
        let fetches = Mutex(0)
        let blobs = try OrderedThreadPool<Int, [UInt8]>.map(Array(0..<6)) { _ in
            try fixture.cache().blob(digest, size: size) { partial in
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
        #expect(fixture.names("blobs/partial").isEmpty)
    }

    @Test("waits for another process that fetches the blob, and resumes its fetch")
    func otherProcess() throws {
        let partial = fixture.path("blobs/partial", digest)
        try FileManager.default.createDirectory(
            atPath: fixture.files.path("cache/blobs/partial"), withIntermediateDirectories: true)
        let part = try fixture.files.write(Array(bytes[..<1000]), to: "part")
        let holder = Process()
        holder.executableURL = URL(filePath: "/usr/bin/flock")
        holder.arguments = [
            partial, "bash", "-c", "touch '\(fixture.files.path("locked"))'; sleep 0.5; cat '\(part)' > '\(partial)'",
        ]
        try holder.run()
        while !FileManager.default.fileExists(atPath: fixture.files.path("locked")) { usleep(5000) }
        let blob = try fixture.cache().blob(digest, size: size) {
            #expect($0.count == 1000)
            try $0.write(Array(bytes[1000...]))
        }
        holder.waitUntilExit()
        #expect(try blob.contents == bytes)
        #expect(fixture.messages == ["waiting for another process that is fetching the blob \(digest)"])
    }

    @Test("works without a directory, and with one that cannot be created")
    func homeless() throws {
        for directory in ["/proc/none", "/dev/null/cache", fixture.files.path("file/cache")] {
            try fixture.files.write([], to: "file")
            let cache = fixture.cache(in: FilePath(directory))
            #expect(try cache.blob(digest, size: size) { try $0.write(bytes) }.contents == bytes)
            #expect(
                try cache.blob(digest, size: size) { _ in Issue.record("the blob is fetched again") }.contents == bytes)
        }
        let blob = try fixture.withoutDirectory.blob(digest, size: size) { try $0.write(bytes) }
        #expect(try blob.contents == bytes)
        #expect(blob.file.identity == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.files.path("tmp")).isEmpty)
        #expect(fixture.messages.isEmpty)
    }

    @Test("leaves no file of a fetch without bytes")
    func nothing() throws {
        #expect(throws: Interrupted.self) { try fixture.cache().blob(digest, size: size) { _ in throw Interrupted() } }
        #expect(fixture.names("blobs/partial").isEmpty)
        #expect(fixture.names("blobs/sha256").isEmpty)
    }
}
