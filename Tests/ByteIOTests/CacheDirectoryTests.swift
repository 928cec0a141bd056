import Foundation
import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import ByteIO

/// Tests of the cache directories and files that are not used. They run as root, who can give files to another user.
@Suite("Cache directory")
struct CacheDirectoryTests {
    private let files: TemporaryDirectory
    private let warnings = Warnings()

    private final class Warnings: Sendable {
        let texts = Mutex<[String]>([])
    }

    init() throws {
        files = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: files.path("home/cache/layers/ab"), withIntermediateDirectories: true)
        try files.write([1], to: "home/cache/layers/ab/entry")
    }

    private var path: FilePath { FilePath(files.path("home/cache")) }

    private var cache: CacheDirectory {
        CacheDirectory(path) { [warnings] text in warnings.texts.withLock { $0.append(text) } }
    }

    private func trustsEntry() throws -> Bool {
        let cache = cache
        guard cache.trusts(directory: path.appending("layers/ab")) else { return false }
        let file = path.appending("layers/ab/entry")
        let descriptor = try FileDescriptor.open(file, .readOnly)
        return try descriptor.closeAfter { cache.trusts(descriptor.rawValue, of: file) }
    }

    private var texts: [String] { warnings.texts.withLock { $0 } }

    @Test("is used if this user or root owns it")
    func own() throws {
        #expect(try trustsEntry())
        #expect(cache.isUsable)
        #expect(cache.trusts(directory: path.appending("missing/too")))
        #expect(texts.isEmpty)
    }

    @Test(
        "is not used if another user owns it, a directory above it or a file in it",
        arguments: ["home", "home/cache", "home/cache/layers", "home/cache/layers/ab", "home/cache/layers/ab/entry"])
    func foreign(name: String) throws {
        try #require(chown(files.path(name), 65534, 65534) == 0)
        #expect(try !trustsEntry())
        #expect(texts.count == 1)
        #expect(texts.first?.contains("another user (65534) owns '\(files.path(name))'") == true)
    }

    @Test(
        "is not used if other users can write to it, a directory above it or a file in it",
        arguments: ["home", "home/cache", "home/cache/layers", "home/cache/layers/ab", "home/cache/layers/ab/entry"])
    func writable(name: String) throws {
        for (mode, group) in [(0o707, gid_t(0)), (0o770, 65534)] as [(mode_t, gid_t)] {
            try #require(chown(files.path(name), 0, group) == 0 && chmod(files.path(name), mode) == 0)
            #expect(try !trustsEntry())
        }
        #expect(texts.count == 2)
        #expect(texts.allSatisfy { $0.contains("other users can write to '\(files.path(name))'") })
    }

    @Test("may be in a sticky directory, as in /tmp, which others can write to")
    func sticky() throws {
        try #require(chmod(files.path("home"), 0o1777) == 0)
        #expect(try trustsEntry())
        try #require(chmod(files.path("home/cache"), 0o1777) == 0)
        #expect(try !trustsEntry())
    }

    @Test("is not used if another user owns the target of a link to it, or the directories above the target")
    func links() throws {
        try FileManager.default.moveItem(atPath: files.path("home/cache"), toPath: files.path("elsewhere"))
        try FileManager.default.createSymbolicLink(
            atPath: files.path("home/cache"), withDestinationPath: "../elsewhere")
        #expect(try trustsEntry())
        try #require(chown(files.path("elsewhere"), 65534, 65534) == 0)
        #expect(try !trustsEntry())
    }

    @Test("warns once, and not at all of a place that cannot be a directory")
    func warnsOnce() throws {
        let nowhere = CacheDirectory("/dev/null/dockertools") { _ in Issue.record("a warning") }
        #expect(nowhere.isUsable)
        try #require(chown(files.path("home/cache"), 65534, 65534) == 0)
        let cache = cache
        for _ in 0..<3 { #expect(!cache.isUsable) }
        #expect(
            texts == [
                "the cache in '\(path)' is not used: another user (65534) owns '\(path)'; "
                    + "set XDG_CACHE_HOME to a directory of your own"
            ])
    }
}

@Suite("Change times")
struct ChangeTimesTests {
    @Test("identify contents only if a clock has set them, and the inode number is that of one filesystem")
    func identify() throws {
        var root = stat()
        try #require(stat("/", &root) == 0)
        let (device, other) = (UInt64(root.st_dev), UInt64(root.st_dev) + 1)
        let (time, second) = (Int64(1_700_000_000_123_456_789), Int64(1_700_000_000_000_000_000))
        #expect(ChangeTimes.identify(inode: 12, changed: time, device: other))
        #expect(!ChangeTimes.identify(inode: 12, changed: second, device: other))
        #expect(ChangeTimes.identify(inode: 12, changed: second, device: device))
        #expect(!ChangeTimes.identify(inode: 1 << 62 | 12, changed: time, device: device))
    }

    @Test("are not reliable in /proc")
    func proc() throws {
        let descriptor = open("/proc/self/status", O_RDONLY)
        defer { close(descriptor) }
        var status = stat()
        try #require(fstat(descriptor, &status) == 0)
        #expect(!ChangeTimes.areReliable(on: descriptor, device: UInt64(status.st_dev)))
    }
}
