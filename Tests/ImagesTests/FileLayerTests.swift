import ByteIO
import Errors
import Foundation
import Glibc
import Store
import SystemPackage
import Tar
import TestSupport
import Testing

@testable import Images
@testable import OCI

struct FileLayerTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        let path = "\(directory.path)/nix/store/\(Self.baseName)"
        let long = String(repeating: "n", count: 120)
        for name in ["bin", "share/ü", long] {
            try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
        }
        try directory.write([UInt8](repeating: 7, count: 100_000), to: "nix/store/\(Self.baseName)/bin/large")
        try directory.write(Array("small".utf8), to: "nix/store/\(Self.baseName)/share/ü/small")
        try directory.write([], to: "nix/store/\(Self.baseName)/\(long)/empty")
        try FileManager.default.createSymbolicLink(atPath: "\(path)/link", withDestinationPath: "bin/large")
        try #require(mkfifo("\(path)/fifo", 0o600) == 0)
        try #require(chmod("\(path)/bin/large", 0o555) == 0)
    }

    private static let baseName = String(repeating: "a", count: 32) + "-one"
    private static let owner = TarOwner(uid: 3, gid: 4, userName: "me", groupName: "us", modified: 60)

    private func layer(cache: DigestCache? = nil, owner: TarOwner = owner) throws -> FileLayer {
        let store = StoreLocation(root: FilePath(directory.path))
        let path = try #require(StorePath(baseName: Self.baseName, storeDir: "/nix/store"))
        return FileLayer(store: store, paths: [path], owner: owner, cache: cache)
    }

    @Test func writesTheStoresDirectoriesAndThePath() throws {
        let open = try layer().open()
        let sink = MemorySink()
        try open.write(to: sink)
        #expect(open.size == UInt64(sink.bytes.count))
        #expect(try open.diffID() == SHA256.digest(of: sink.bytes))
        let script = """
            import io, sys, tarfile
            for m in tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()), mode="r:"):
                print(m.name, m.type.decode(), oct(m.mode), m.uid, m.gid, m.uname, m.gname, m.mtime, m.size, m.linkname)
            """
        let place = "/nix/store/\(Self.baseName)"
        let long = String(repeating: "n", count: 120)
        #expect(
            String(decoding: try Program.python(script, input: sink.bytes), as: UTF8.self)
                == [
                    "/nix 5 0o755 @ 0 ", "/nix/store 5 0o755 @ 0 ", "\(place) 5 0o755 @ 0 ",
                    "\(place)/bin 5 0o755 @ 0 ",
                    "\(place)/bin/large 0 0o555 @ 100000 ", "\(place)/fifo 6 0o600 @ 0 ",
                    "\(place)/link 2 0o777 @ 0 bin/large", "\(place)/\(long) 5 0o755 @ 0 ",
                    "\(place)/\(long)/empty 0 0o644 @ 0 ", "\(place)/share 5 0o755 @ 0 ",
                    "\(place)/share/ü 5 0o755 @ 0 ", "\(place)/share/ü/small 0 0o644 @ 5 ",
                ].map { $0.replacing("@", with: "3 4 me us 60") + "\n" }.joined())
    }

    @Test func givesTheRootNoEntryOfItsOwn() throws {
        let tree = try FileTree.walk(FilePath("\(directory.path)/nix/store/\(Self.baseName)/bin"))
        let open = try FileLayer(title: "last", parts: [.init(.tree(tree), at: "")], owner: TarOwner()).open()
        let sink = MemorySink()
        try open.write(to: sink)
        #expect(sink.bytes.prefix(6) == Array("large\0".utf8)[...])
        #expect(open.size == UInt64(sink.bytes.count))
    }

    @Test func isAnEmptyTarOfNothing() throws {
        let open = try FileLayer(title: "nothing", parts: [], owner: TarOwner()).open()
        let sink = MemorySink()
        try open.write(to: sink)
        #expect(sink.bytes == [UInt8](repeating: 0, count: 10240))
        #expect(open.size == 10240)
    }

    @Test func hasATitleForPeople() throws {
        let store = StoreLocation(root: FilePath(directory.path))
        let path = try #require(StorePath(baseName: Self.baseName, storeDir: "/nix/store"))
        #expect(try layer().title == Self.baseName)
        let three = FileLayer(store: store, paths: [path, path, path], owner: TarOwner(), cache: nil)
        #expect(three.title == "\(Self.baseName) and 2 more")
        #expect(three.directories.map(\.path) == ["/nix/", "/nix/store/"].map { Array($0.utf8) })
    }

    /// Changes a file of the layer without another size or modification time.
    private func changeSecretly(_ name: String = "share/ü/small") throws {
        let path = "\(directory.path)/nix/store/\(Self.baseName)/\(name)"
        var status = stat()
        try #require(stat(path, &status) == 0)
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.write(contentsOf: Data("other".utf8))
        try handle.close()
        var times = [status.st_atim, status.st_mtim]
        try #require(utimensat(AT_FDCWD, path, &times, 0) == 0)
    }

    /// A cache by whose clock the files are old enough.
    private var cacheAhead: DigestCache {
        DigestCache(in: CacheDirectory(FilePath(directory.path("cache"))) { _ in }) {
            DigestCache.now + 100_000_000_000
        }
    }

    @Test func failsWhereAFileOfACachedDigestChangesWhileItIsSent() throws {
        for name in ["share/ü/small", "bin/large"] {
            try layer(cache: cacheAhead).open().remember(SHA256.digest(of: []))
            let open = try layer(cache: cacheAhead).open()
            #expect(try open.knownDiffID == SHA256.digest(of: []))
            try open.write(to: NullSink())
            try changeSecretly(name)
            let failure = #expect(throws: ToolError.self) { try open.write(to: NullSink()) }
            #expect(failure?.message == "cannot read \(directory.path)/nix/store/\(Self.baseName)/\(name)")
            #expect(failure?.code == .io)
        }
    }

    @Test func hashesAgainWhatIsSentOfFilesThatChangedAMomentAgo() throws {
        for cache in [nil, DigestCache(in: CacheDirectory(FilePath(directory.path("cache"))) { _ in })] {
            let open = try layer(cache: cache).open()
            let digest = try open.diffID()
            try open.write(to: NullSink())
            try changeSecretly()
            let failure = #expect(throws: ToolError.self) { try open.write(to: NullSink()) }
            #expect(failure?.code == .io)
            #expect(failure?.cause.contains("\(digest)") == true)
            try directory.write(Array("small".utf8), to: "nix/store/\(Self.baseName)/share/ü/small")
        }
        #expect(!FileManager.default.fileExists(atPath: directory.path("cache")))
    }

    @Test func givesFilesOfStorePathsAnotherTime() throws {
        let store = "\(directory.path)/nix/store/\(Self.baseName)"
        let copied = try FileTree.walk(FilePath("\(store)/bin")).ofStorePath(true)
        let plain = try FileTree.walk(FilePath("\(store)/share"))
        let merged = try TreeMerger.merge([.copied(copied, name: "bin"), .copied(plain, name: "share")]).tree
        let layer = FileLayer(
            title: "both", directories: [.init(Array("nix/".utf8))],
            parts: [
                .init(.tree(merged), at: ""),
                .init(.path(FilePath("\(store)/share")), at: "nix/share", isStorePath: true),
            ], owner: TarOwner(modified: 9), storeOwner: TarOwner(modified: 1))
        let sink = MemorySink()
        try layer.open().write(to: sink)
        let script = """
            import io, sys, tarfile
            for m in tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()), mode="r:"): print(m.name, m.mtime)
            """
        #expect(
            String(decoding: try Program.python(script, input: sink.bytes), as: UTF8.self)
                == "nix 1\nlarge 1\nü 9\nü/small 9\nnix/share 1\nnix/share/ü 1\nnix/share/ü/small 1\n")
    }

    @Test func failsWhereAFileChangesAfterItWasOpened() throws {
        let open = try layer().open()
        try directory.write(Array("longer".utf8), to: "nix/store/\(Self.baseName)/share/ü/small")
        let failure = #expect(throws: ToolError.self) { try open.write(to: NullSink()) }
        #expect(failure?.message == "cannot read \(directory.path)/nix/store/\(Self.baseName)/share/ü/small")
        #expect(failure?.cause == "the file changed while it was read")
        #expect(failure?.code == .io)
    }
}

struct DigestCacheTests {
    private let directory: TemporaryDirectory
    private let tree: FileTree
    private let digest: Digest

    init() throws {
        directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path("tree"), withIntermediateDirectories: true)
        try directory.write([1], to: "tree/file")
        tree = try FileTree.walk(FilePath(directory.path("tree")))
        digest = try #require(Digest(hex: String(repeating: "ab", count: 32)))
    }

    private var cache: DigestCache {
        DigestCache(in: CacheDirectory(FilePath(directory.path("deep/cache"))) { _ in })
    }

    /// The cache key of a layer, computed long after the files changed.
    private func key(
        directories: [String] = ["/nix/"], place: String = "/nix/a", owner: TarOwner = TarOwner(),
        storeOwner: TarOwner? = nil, isStorePath: Bool = false
    ) throws -> DigestCache.Key {
        let layer = FileLayer(
            title: "a layer", directories: directories.map { FileLayer.Directory(Array($0.utf8)) },
            parts: [.init(.tree(tree), at: place, isStorePath: isStorePath)], owner: owner, storeOwner: storeOwner)
        return try #require(try DigestCache.Key(layer, trees: [(tree, place)], at: .max))
    }

    private var entries: [String] {
        get throws {
            try FileManager.default.subpathsOfDirectory(atPath: directory.path("deep/cache/layers"))
                .filter { $0.contains("/") }
        }
    }

    @Test func keepsDigestsByKey() throws {
        #expect(try cache.digest(for: key()) == nil)
        cache.keep(digest, for: try key())
        #expect(try cache.digest(for: key()) == digest)
        for other in try [
            key(directories: []), key(place: "/nix/b"), key(owner: TarOwner(uid: 1)), key(owner: TarOwner(gid: 1)),
            key(storeOwner: TarOwner(modified: 2)), key(isStorePath: true),
            key(owner: TarOwner(userName: "rootroot", groupName: "")), key(owner: TarOwner(modified: 2)),
        ] {
            #expect(cache.digest(for: other) == nil)
        }
        #expect(try entries.count == 1)
    }

    @Test func believesNoDamagedEntryAndWritesItAnew() throws {
        let key = try key()
        cache.keep(digest, for: key)
        let name = "deep/cache/layers/\(try #require(try entries.first))"
        let whole = try directory.read(name)
        #expect(whole.count == 144)
        for damaged in [[], Array(whole.dropLast()), whole + [10], whole + whole, [0xFF]] {
            try directory.write(damaged, to: name)
            #expect(cache.digest(for: key) == nil)
        }
        for index in whole.indices {
            var damaged = whole
            damaged[index] ^= 1
            try directory.write(damaged, to: name)
            #expect(cache.digest(for: key) == nil)
        }
        cache.keep(digest, for: key)
        #expect(try directory.read(name) == whole)
    }

    @Test func keepsNothingOfTreesThatChangedAMomentAgoOrWerePutTogether() throws {
        let trees = [(tree: tree, place: "x")]
        let settled = tree.newestChange + 60_000_000_001
        let layer = FileLayer(title: "a layer", parts: [.init(.tree(tree), at: "x")], owner: TarOwner())
        #expect(try DigestCache.Key(layer, trees: trees, at: settled) != nil)
        #expect(try DigestCache.Key(layer, trees: trees, at: settled - 1) == nil)
        let merged = try TreeMerger.merge([.copied(tree, name: "x")]).tree
        #expect(try DigestCache.Key(layer, trees: [(merged, "x")], at: .max) == nil)
    }

    @Test func isNoneWhereItCannotBeWritten() throws {
        try directory.write([], to: "deep")
        cache.keep(digest, for: try key())
        #expect(try cache.digest(for: key()) == nil)
        #expect(try directory.read("deep") == [])
    }
}
