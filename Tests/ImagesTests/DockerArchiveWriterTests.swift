import ByteIO
import Compression
import Glibc
import Images
import OCI
import Store
import TestSupport
import Testing

struct DockerArchiveWriterTests {
    private let directory: TemporaryDirectory
    private static let store = StorePath(
        baseName: String(repeating: "a", count: 32) + "-one", storeDir: "/nix/store")

    init() throws { directory = try TemporaryDirectory() }

    private static func layer(_ byte: UInt8, _ count: Int = 10240, inStore: Bool = true) -> FakeLayer {
        FakeLayer(
            [UInt8](repeating: byte, count: count), storePaths: inStore ? [store].compactMap { $0 } : [],
            title: "layer \(byte)")
    }

    /// The members of a tar: name, type, mode, owner, time, size or target, and contents.
    private func members(_ tar: [UInt8]) throws -> [(head: String, body: String)] {
        let script = """
            import io, sys, tarfile
            for m in tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()), mode="r:"):
                print(m.name, m.type.decode(), oct(m.mode), m.uid, m.gid, m.uname, m.gname, m.mtime, m.linkname or m.size)
            """
        let heads = String(decoding: try Program.python(script, input: tar), as: UTF8.self).split(separator: "\n")
        try directory.write(tar, to: "tar")
        return try heads.map { head in
            let name = String(head.prefix { $0 != " " })
            let body = try Program.output(["tar", "-xOf", directory.path("tar"), name])
            return (String(head), body.count < 5000 ? String(decoding: body, as: UTF8.self) : "")
        }
    }

    @Test func hasTheseMembersAndNoOthers() throws {
        let layers = [Self.layer(1), Self.layer(2, 20480, inStore: false)]
        let image = FakeImage(
            name: "host:5000/app", tag: "v1", layers: layers, extraMembers: [("buildArgs.json", Array("{}".utf8))])
        let (written, bytes) = try directory.archive(image)
        let ids = try layers.map { try SHA256.digest(of: $0.bytes) }
        let config =
            #"{"architecture":"amd64","config":{"User":"me"},"created":"1970-01-01T00:00:01Z","history":["#
            + #"{"comment":"made","created":"1970-01-01T00:00:01Z","created_by":"dockertools"},"#
            + #"{"comment":"made","created":"1970-01-01T00:00:01Z","created_by":"dockertools"}],"os":"linux","#
            + #""rootfs":{"diff_ids":["\#(ids[0])","\#(ids[1])"],"type":"layers"}}"#
        let imageID = try SHA256.digest(of: Array(config.utf8))
        let (first, second) = (ids[0].hex, ids[1].hex)
        let firstJSON =
            #"{"architecture":"amd64","created":"1970-01-01T00:00:01Z","id":"\#(first)","os":"linux"}"#
        let secondJSON =
            #"{"architecture":"amd64","config":{"User":"me"},"created":"1970-01-01T00:00:01Z","id":"\#(second)","#
            + #""os":"linux","parent":"\#(first)"}"#
        let manifest =
            #"[{"Config":"\#(imageID.hex).json","Layers":["layers/001.tar","layers/002.tar"],"#
            + #""RepoTags":["host:5000/app:v1"]}]"#
        let expected = [
            ("layers/001.tar", ""), ("layers/002.tar", ""), ("\(imageID.hex).json", config),
            ("\(first)/layer.tar", ""), ("\(first)/VERSION", "1.0"), ("\(first)/json", firstJSON),
            ("\(second)/layer.tar", ""), ("\(second)/VERSION", "1.0"), ("\(second)/json", secondJSON),
            ("buildArgs.json", "{}"), ("manifest.json", manifest),
            ("repositories", #"{"host:5000/app":{"v1":"\#(second)"}}"#),
        ]
        let sizes = [10240, 20480] + expected.dropFirst(2).map(\.1.utf8.count)
        let links = [3: "../layers/001.tar", 6: "../layers/002.tar"]
        let heads = expected.indices.map { index in
            let kind = links[index].map { ("2 0o777", $0) } ?? ("0 0o444", "\(sizes[index])")
            return "\(expected[index].0) \(kind.0) 0 0 root root 1 \(kind.1)"
        }
        let members = try members(bytes)
        #expect(members.map(\.head) == heads)
        #expect(members.map(\.body) == expected.map(\.1))
        #expect(bytes.count.isMultiple(of: 10240))

        #expect(written.imageID == imageID)
        #expect(written.names == [ImageName(name: "host:5000/app", tag: "v1")])
        #expect(written.layers.map(\.diffID) == ids)
        #expect(written.layers.map(\.size) == [10240, 20480])
        #expect(written.layers.map(\.storePaths) == [[try #require(Self.store)], []])
    }

    @Test func isTheSameInAFileAndInAPipe() throws {
        func image() -> FakeImage {
            FakeImage(layers: (1...40).map { Self.layer($0, Int($0) * 512) } + [Self.layer(0, inStore: false)])
        }
        let before = try directory.archive(image(), appends: true)
        let after = try directory.archive(image())
        #expect(before.bytes == after.bytes)
        #expect(before.written.imageID == after.written.imageID)
        for compressor in [Compressor.gz, .zstd] {
            let before = try directory.archive(image(), appends: true, compressor: compressor)
            let compressed = try directory.archive(image(), compressor: compressor)
            #expect(before.bytes == compressed.bytes)
            let program = compressor == .gz ? "gzip" : "zstd"
            #expect(try Program.output([program, "-dc"], input: compressed.bytes) == after.bytes)
        }
    }

    @Test(arguments: [false, true], [Compressor.none, .gz, .zstd])
    func readsEachLayerOnce(_ appends: Bool, _ compressor: Compressor) throws {
        let layers = [Self.layer(1), Self.layer(2, inStore: false), Self.layer(1)]
        _ = try directory.archive(FakeImage(layers: layers), appends: appends, compressor: compressor)
        #expect(layers.map(\.reads) == [1, 1, 1])
        #expect(try layers.map(\.remembered) == layers.map { [try SHA256.digest(of: $0.bytes)] })
    }

    @Test func isTheSameWhetherDigestsAreKnownOrNot() throws {
        let unknown = [Self.layer(1), Self.layer(2, inStore: false), Self.layer(1)]
        let bytes = try directory.archive(FakeImage(layers: unknown)).bytes
        try directory.write(bytes, to: "copy")
        let known = try directory.openArchive("copy").images[0].layers
        for appends in [false, true] {
            #expect(try directory.archive(FakeImage(layers: known), appends: appends).bytes == bytes)
        }
    }

    @Test(arguments: [false, true]) func hasAMemberForEachTimeThatAnImageHasALayer(_ appends: Bool) throws {
        let layers = [1, 2, 1, 1].map { Self.layer($0, inStore: false) }
        let (written, bytes) = try directory.archive(FakeImage(layers: layers), appends: appends)
        let (one, two) = try (SHA256.digest(of: layers[0].bytes), SHA256.digest(of: layers[1].bytes))
        #expect(written.layers.map(\.diffID) == [one, two, one, one])
        let members = try members(bytes)
        #expect(members.count == 4 + 1 + 2 * 3 + 2)
        let links = members.filter { $0.head.contains("/layer.tar 2 ") }
        #expect(
            links.map { $0.head.replacing(#/ .* /#, with: " ") } == [
                "\(one.hex)/layer.tar ../layers/001.tar", "\(two.hex)/layer.tar ../layers/002.tar",
            ])
        let names = (1...4).map { "\"layers/00\($0).tar\"" }.joined(separator: ",")
        #expect(members[members.count - 2].body.contains("\"Layers\":[\(names)]"))
        #expect(members.last?.body == #"{"app":{"\#(written.names[0].tag ?? "")":"\#(one.hex)"}}"#)
    }

    @Test(arguments: [false, true]) func writesOnceWhatImagesShare(_ appends: Bool) throws {
        func image(_ tag: String, _ top: UInt8) -> FakeImage {
            FakeImage(
                tag: tag, layers: [Self.layer(1), Self.layer(top)], extraMembers: [("buildArgs.json", Array("{}".utf8))]
            )
        }
        let images = [image("a", 2), image("b", 3), image("c", 2)]
        let path = try directory.write([], to: "archive")
        let descriptor = open(path, O_WRONLY | (appends ? O_APPEND : 0))
        defer { close(descriptor) }
        let written = try DockerArchiveWriter(
            to: DescriptorSink(descriptor, name: path), progress: ProgressLog()
        ).write(images)
        #expect(written.map { $0.names.map(\.description) } == [["app:a"], ["app:b"], ["app:c"]])
        #expect(written[0].imageID == written[2].imageID)
        let heads = try members(directory.read("archive")).map { $0.head.prefix { $0 != " " } }
        // Three layers with a directory of three members each, two configs, and no buildArgs.json.
        #expect(
            heads.prefix(4) == ["layers/001.tar", "layers/002.tar", "layers/003.tar", "\(written[0].imageID.hex).json"])
        #expect(heads.count == 3 * 4 + 2 + 2)
        #expect(heads.count == Set(heads).count)
        #expect(!heads.contains("buildArgs.json"))
        let read = try directory.openArchive("archive").images
        #expect(read.map(\.imageID) == written.map(\.imageID))
        #expect(
            read.map { $0.archivedLayers.map(\.name) } == [
                ["layers/001.tar", "layers/002.tar"], ["layers/001.tar", "layers/003.tar"],
                ["layers/001.tar", "layers/002.tar"],
            ])
    }

    @Test func numbersTheLayersOfSeveralImagesByTheirFirstAppearance() throws {
        let images = [[1, 2, 1], [3, 2, 4, 3]].map { numbers in
            FakeImage(tag: "\(numbers.count)", layers: numbers.map { Self.layer($0) })
        }
        let path = try directory.write([], to: "archive")
        let descriptor = open(path, O_WRONLY)
        defer { close(descriptor) }
        let sink = DescriptorSink(descriptor, name: path)
        let written = try DockerArchiveWriter(to: sink, progress: ProgressLog()).write(images)
        let read = try directory.openArchive("archive").images
        #expect(
            read.map { $0.archivedLayers.map { $0.name.suffix(5) } } == [
                ["1.tar", "2.tar", "1.tar"], ["3.tar", "2.tar", "4.tar", "3.tar"],
            ])
        #expect(read.map { $0.archivedLayers.map(\.statedDiffID) } == written.map { $0.layers.map(\.diffID) })
        let heads = try members(directory.read("archive")).map { $0.head.prefix { $0 != " " } }
        #expect(heads.filter { $0.hasPrefix("layers/") }.count == 4)
    }

    @Test func makesTheTagFromTheImageWhereThereIsNone() throws {
        let written = try directory.archive(FakeImage(layers: [Self.layer(1)])).written
        #expect(written.names.map(\.tag) == [NixBase32.encode(Array(written.imageID.bytes.prefix(20)))])
        #expect(written.names[0].tag?.count == 32)
        #expect(try directory.archive(FakeImage(layers: [Self.layer(2)])).written.names != written.names)
    }

    @Test func tellsOfEachLayerInOrderAndOfAllItsBytes() throws {
        let log = ProgressLog()
        _ = try directory.archive(
            FakeImage(layers: [Self.layer(3), Self.layer(4, 512), Self.layer(5)]), appends: true, progress: log)
        #expect(log.layers == ["1/3 layer 3 10240", "2/3 layer 4 512", "3/3 layer 5 10240"])
        #expect(log.bytes == 10240 + 512 + 10240)
    }

    @Test func writesAnImageWithoutLayers() throws {
        let (written, bytes) = try directory.archive(FakeImage(layers: []))
        let members = try members(bytes)
        #expect(members.count == 3)
        #expect(members.last?.body == "{}")
        #expect(written.layers.isEmpty)
    }
}
