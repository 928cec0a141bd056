import ByteIO
import SystemPackage
import TestSupport
import Testing

@testable import Registry

/// Tests of blobs that wait for an answer of the registry.
@Suite("Held blobs")
struct HeldBlobTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(
        "A small blob stays in memory, and a large one goes to a file",
        arguments: [0, 1, 1 << 18, (1 << 18) + 1, 3 << 20])
    func place(count: Int) throws {
        let held = HeldBlob(try SpoolDirectory(FilePath(directory.path)).makeFile("the blob"))
        let bytes = PushBench.bytes(count)
        var rest = bytes[...]
        while !rest.isEmpty {
            try held.write(Array(rest.prefix(300_000)))
            rest = rest.dropFirst(300_000)
        }
        switch held.bytes {
        case .memory(let kept): #expect(kept == bytes && count <= HeldBlob.memoryLimit)
        case .file(let range): #expect(try range.bytes() == bytes && count > HeldBlob.memoryLimit)
        }
    }
}
