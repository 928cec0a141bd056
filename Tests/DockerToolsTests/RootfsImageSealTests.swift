import SystemPackage
import TestSupport
import Testing

@testable import DockerTools

@Suite("The seal of a rootfs image")
struct RootfsImageSealTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func isIntact(_ bytes: [UInt8]) throws -> Bool {
        try directory.write(bytes, to: "changed")
        return RootfsImageSeal.isIntact(FilePath(directory.path("changed")))
    }

    @Test("shows whether the file still has the bytes for which it was made")
    func change() throws {
        try directory.write(Array("hsqs".utf8) + (0..<70_000).map { UInt8(truncatingIfNeeded: $0) }, to: "image")
        #expect(!RootfsImageSeal.isIntact(FilePath(directory.path("image"))))
        try RootfsImageSeal.append(to: FilePath(directory.path("image")))
        let sealed = try directory.read("image")
        #expect(sealed.count == 70_004 + 4096)
        #expect(try isIntact(sealed))
        for place in [0, 4, 35_000, 70_003, 70_004, 70_100, sealed.count - 1] {
            var flipped = sealed
            flipped[place] ^= 1
            #expect(try !isIntact(flipped), "byte \(place)")
        }
        #expect(try !isIntact(Array(sealed.dropLast())))
        #expect(try !isIntact(sealed + [0]))
        #expect(try !isIntact(Array(sealed.suffix(4096))))
    }

    @Test("is missing from a file that is not there, and cannot be in an empty one")
    func missing() throws {
        #expect(!RootfsImageSeal.isIntact(FilePath(directory.path("nowhere"))))
        #expect(try !isIntact([]))
    }
}
