import Images
import OCI
import Store
import Tar
import Testing

/// Tests of the keys by which layers of store paths are found without reading them.
@Suite("Layer keys")
struct LayerKeyTests {
    private let (a, b): (StorePath, StorePath)
    private let (one, two): (Digest, Digest)

    init() throws {
        a = try #require(StorePath(baseName: "\(String(repeating: "a", count: 32))-a", storeDir: "/nix/store"))
        b = try #require(StorePath(baseName: "\(String(repeating: "b", count: 32))-b", storeDir: "/nix/store"))
        one = try SHA256.digest(of: [1])
        two = try SHA256.digest(of: [2])
    }

    @Test("A key depends on the paths, their order and their hashes, the owner and the time")
    func whatTheyDependOn() throws {
        let other = try #require(StorePath(baseName: a.baseName, storeDir: "/other/store"))
        var owners = Array(repeating: TarOwner(), count: 6)
        owners[1].uid = 1
        owners[2].gid = 1
        owners[3].userName = "me"
        owners[4].groupName = "me"
        owners[5].modified = 2
        let lists: [[(StorePath, Digest?)]] = [
            [(a, one)], [(a, two)], [(b, one)], [(other, one)], [(a, one), (b, two)], [(b, two), (a, one)],
        ]
        let keys =
            lists.map { LayerKey($0, owner: TarOwner()) } + owners.dropFirst().map { LayerKey(lists[0], owner: $0) }
        #expect(!keys.contains(nil))
        #expect(Set(keys).count == keys.count)
        #expect(LayerKey([(a, one)], owner: TarOwner()) == keys[0])
    }

    @Test("A layer with a path whose hash is unknown has no key")
    func unknownHash() {
        #expect(LayerKey([(a, one), (b, nil)], owner: TarOwner()) == nil)
        let hashes = [a: one]
        func layer(_ paths: [StorePath]) -> FileLayer {
            FileLayer(store: StoreLocation(), paths: paths, owner: TarOwner(), cache: nil) { hashes[$0] }
        }
        #expect(layer([a]).key == LayerKey([(a, one)], owner: TarOwner()))
        #expect(layer([a, b]).key == nil)
    }

    @Test("The key of a descriptor is read from its annotation", arguments: ["", "key", "sha256:../x", nil])
    func annotation(_ wrong: String?) throws {
        let key = try #require(LayerKey([(a, one)], owner: TarOwner()))
        var descriptor = Descriptor(mediaType: MediaType.layer(.gz), digest: one, size: 1)
        descriptor.annotations[LayerKey.annotation] = "\(key.digest)"
        #expect(LayerKey(of: descriptor) == key)
        descriptor.annotations[LayerKey.annotation] = wrong
        #expect(LayerKey(of: descriptor) == nil)
    }
}
