import ByteIO
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import MicroVM

@Suite("KVM failure cache")
struct KVMFailureCacheTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var cache: KVMFailureCache {
        KVMFailureCache(in: CacheDirectory(FilePath(directory.path("cache"))) { _ in })
    }

    @Test("remembers a failure until the machine is started again")
    func remembers() throws {
        #expect(!cache.hasFailed)
        cache.recordFailure()
        cache.recordFailure()
        #expect(cache.hasFailed)
        try directory.write(Array("another boot\n".utf8), to: "cache/kvm-is-silent")
        #expect(!cache.hasFailed)
        #expect(!KVMFailureCache(in: nil).hasFailed)
    }

    @Test("ignores and replaces a file that another user can write to")
    func foreign() throws {
        cache.recordFailure()
        let file = directory.path("cache/kvm-is-silent")
        try #require(chown(file, 65534, 65534) == 0)
        #expect(!cache.hasFailed)
        cache.recordFailure()
        #expect(cache.hasFailed)
        try #require(chmod(file, 0o666) == 0)
        #expect(!cache.hasFailed)
    }
}
