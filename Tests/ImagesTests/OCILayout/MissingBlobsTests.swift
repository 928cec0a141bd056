import ByteIO
import Images
import OCI
import TestSupport
import Testing

@Suite("Images of which the destination has some blobs")
struct MissingBlobsTests {
    private let layers = (1...4).map { FakeLayer([UInt8](repeating: $0, count: Int($0) * 512), title: "layer \($0)") }
    private let digests: [Digest]

    init() throws { digests = try layers.map { try SHA256.digest(of: $0.bytes) } }

    /// Writes the image, and returns the manifest's digest and the names of the archive's members.
    private func written(_ missing: MissingBlobs) throws -> (Digest, [String]) {
        let bytes = MemorySink()
        let writer = OCIArchiveWriter(
            to: StreamSink(to: bytes), compressor: .none, spool: SpoolDirectory("/nowhere"), progress: ProgressLog())
        let (_, manifest) = try writer.write(missing)
        let names = try Program.output(["tar", "-t"], input: bytes.bytes)
        return (manifest, String(decoding: names, as: UTF8.self).split(separator: "\n").map(String.init))
    }

    @Test("The layers of any subset are left out, and no layer is spooled", arguments: 0..<16)
    func subsets(number: Int) throws {
        let chosen = digests.indices.filter { number >> $0 & 1 == 1 }
        let image = FakeImage(tag: "1", layers: layers)
        let known = Dictionary(uniqueKeysWithValues: chosen.map { (digests[$0], Optional(layers[$0].size)) })
        let missing = try MissingBlobs.find(in: image, among: known)
        let (manifest, names) = try written(missing)
        #expect(digests.indices.filter { !names.contains(digests[$0].blobPath) } == chosen)
        #expect(missing.present.map(\.diffID) == chosen.map { digests[$0] })
        #expect(try written(missing.whole).0 == manifest)
        #expect(try missing.writtenIfPresent?.manifest == (number == 15 ? manifest : nil))
        let unsized = try MissingBlobs.find(in: image, among: known.mapValues { _ in nil })
        #expect(try written(unsized).0 == manifest)
    }
}
