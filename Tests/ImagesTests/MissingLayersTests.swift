import ByteIO
import Errors
import Images
import OCI
import Synchronization
import TestSupport
import Testing

@Suite("Images of which the destination has some layers")
struct MissingLayersTests {
    private let layers = (1...6).map { FakeLayer([UInt8](repeating: $0, count: Int($0) * 512), title: "layer \($0)") }
    private let digests: [Digest]

    init() throws { digests = try layers.map { try SHA256.digest(of: $0.bytes) } }

    /// Writes the layers, and returns the names of the members.
    private func written(_ remainder: MissingLayers) throws -> (ImageSummary, [String]) {
        let (image, bytes) = try archive(remainder)
        let names = try Program.output(["tar", "-t"], input: bytes)
        return (image, String(decoding: names, as: UTF8.self).split(separator: "\n").map(String.init))
    }

    private func archive(_ remainder: MissingLayers) throws -> (ImageSummary, [UInt8]) {
        let bytes = MemorySink()
        let image = try DockerArchiveWriter(to: StreamSink(to: bytes), progress: ProgressLog()).write(remainder)
        return (image, bytes.bytes)
    }

    /// The numbers of the layers whose files are in the archive, from 0.
    private func sent(_ names: [String]) -> [Int] {
        (0..<6).filter { names.contains("layers/00\($0 + 1).tar") }
    }

    /// The numbers of the layers that have a link for old readers.
    private func linked(_ names: [String]) -> [Int] {
        digests.indices.filter { names.contains("\(digests[$0].hex)/layer.tar") }
    }

    @Test(arguments: 0...6) func leavesOutTheLayersThatArePresent(count: Int) throws {
        let chains = Set(try ChainID.all(Array(digests.prefix(count))))
        let remainder = try MissingLayers.find(in: FakeImage(tag: "1", layers: layers), unless: chains.contains)
        let (image, names) = try written(remainder)
        #expect(sent(names) == Array(count..<6))
        #expect(linked(names) == Array(count..<6))
        #expect(remainder.present.map(\.diffID) == Array(digests.prefix(count)))
        let all = try written(MissingLayers(allOf: FakeImage(tag: "1", layers: layers)))
        #expect(sent(all.1) == Array(0..<6))
        #expect(image.imageID == all.0.imageID)
        #expect(image.layers.map(\.diffID) == digests)
        #expect(image.layers.map(\.size) == layers.map(\.size))
        // The manifest, the config and the files for old readers are those of the whole image.
        #expect(Set(names).subtracting(all.1).isEmpty)
        #expect(all.1.count - names.count == 2 * count)
        #expect(try (remainder.summaryIfPresent == nil) == (count < 6))
        if count == 6 { #expect(try remainder.summaryIfPresent?.imageID == image.imageID) }
        #expect(try written(remainder.whole).1 == all.1)
    }

    @Test func needsAllLayersBelowAPresentLayer() throws {
        let remainder = try MissingLayers.find(in: FakeImage(layers: layers)) { [digests] in $0 == digests[1] }
        #expect(remainder.present.isEmpty)
        let other = try MissingLayers.find(in: FakeImage(layers: layers)) { [digests] in digests.contains($0) }
        #expect(other.present.count == 1)
    }

    @Test func sendsARepeatedLayerAboveThePresentOnes() throws {
        let image = FakeImage(layers: [layers[0], layers[1], layers[0]])
        let chains = Set(try ChainID.all(Array(digests.prefix(2))))
        let (_, names) = try written(MissingLayers.find(in: image, unless: chains.contains))
        #expect(sent(names) == [2])
        #expect(linked(names) == [0])
    }

    @Test func readsEachLayerOnceIfNoneIsPresent() throws {
        _ = try written(MissingLayers(allOf: FakeImage(layers: layers)))
        #expect(layers.map(\.reads) == [1, 1, 1, 1, 1, 1])
    }

    @Test func hasTheBytesOfTheWholeArchiveIfNoneIsPresent() throws {
        let image = FakeImage(layers: layers, extraMembers: [("buildArgs.json", Array("{}".utf8))])
        let (_, bytes) = try archive(MissingLayers(allOf: image))
        #expect(try bytes == TemporaryDirectory().archive(image).bytes)
    }

    @Test func hashesEachLayerOnce() throws {
        let chains = Set(try ChainID.all(Array(digests.prefix(3))))
        let remainder = try MissingLayers.find(in: FakeImage(layers: layers), unless: chains.contains)
        _ = try written(remainder)
        // Once for the digest, and once more to be sent.
        #expect(layers.map(\.reads) == [1, 1, 1, 2, 2, 2])
        _ = try written(remainder.whole)
        #expect(layers.prefix(3).map(\.reads) == [2, 2, 2])
    }

    @Test func doesNotReadTheLayersOfAnArchiveThatArePresent() throws {
        let directory = try TemporaryDirectory()
        _ = try directory.archive(FakeImage(layers: layers))
        let image = try directory.openArchive("archive").images[0]
        try directory.write([UInt8](repeating: 0, count: 10), to: "archive")
        let remainder = try MissingLayers.find(in: image) { _ in true }
        #expect(remainder.present.map(\.diffID) == digests)
        #expect(try remainder.summaryIfPresent?.imageID == image.imageID)
        #expect(throws: ToolError.self) { try written(remainder.whole) }
    }
}
