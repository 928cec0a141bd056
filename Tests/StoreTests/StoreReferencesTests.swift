import Store
import Testing

@Suite("Store paths in texts")
struct StoreReferencesTests {
    private let a: StorePath
    private let b: StorePath
    private let names: StoreNames

    init() throws {
        a = try Sample.path("a", "a-1.0")
        b = try Sample.path("b", "b")
        names = StoreNames(of: try Closure([Sample.node(a), Sample.node(b)], source: "the graph"))
    }

    private func find(_ texts: String...) -> StoreReferences {
        StoreReferences(in: texts, storeDir: "/nix/store", among: names)
    }

    @Test("are matched greedily and resolved by their hash parts")
    func namesAreTakenGreedilyAndResolvedByTheirHashParts() throws {
        #expect(find("See \(a).", "\(b)/bin/x", "\(a)").found == [a, b])
        #expect(find("PATH=\(b)/bin:\(a)/bin").found == [b, a])
        #expect(find("\"\(a)\"'\(b)'").found == [a, b])
        #expect(find("file:///nix/store/\(a.baseName)?query=1").found == [a])
    }

    @Test("are reported if they do not exist")
    func whatIsNotThereIsTold() throws {
        let missing = try Sample.path("c", "c")
        let references = find("\(missing) \(a) \(missing)")
        #expect(references.found == [a])
        #expect(references.unresolved == [missing])
    }

    @Test(
        "must be valid store paths",
        arguments: [
            "", "/nix/store", "/nix/store/", "/nix/store/short-name",
            "/gnu/store/" + String(repeating: "a", count: 32) + "-a",
            "/nix/store/" + String(repeating: "e", count: 32) + "-name",
            "/nix/store/" + String(repeating: "a", count: 32),
            "/nix/store/" + String(repeating: "a", count: 32) + "-",
        ])
    func whatIsNoStorePathIsPassedOver(_ text: String) throws {
        #expect(StoreReferences.candidates(in: text, storeDir: "/nix/store") == [])
        #expect(StoreReferences.candidates(in: text + "/nix/store/\(b.baseName)", storeDir: "/nix/store").last == b)
    }

    @Test("have names of at most 211 bytes")
    func aNameIsCutAtItsLongest() throws {
        let long = "/nix/store/" + String(repeating: "a", count: 32) + "-" + String(repeating: "x", count: 300)
        let candidates = StoreReferences.candidates(in: long, storeDir: "/nix/store")
        #expect(candidates.map(\.name) == [Substring(String(repeating: "x", count: 211))])
    }

    @Test("are found in the store directory of this machine")
    func theDirectoryOfAStoreOnThisMachine() throws {
        let directory = try TreeDirectory()
        let store = StoreLocation(root: directory.path)
        #expect(try StoreNames.list(store).resolve(a) == nil)
        try directory.write("nix/store/\(a.baseName)/file", "")
        try directory.write("nix/store/\(a.baseName).lock", "")
        try directory.write("nix/store/.links", "")
        let names = try StoreNames.list(store)
        #expect(names.resolve(try Sample.path("a", "other")) == a)
        #expect(names.resolve(try Sample.path("a", "a-1.0.lock"))?.name == "a-1.0.lock")
        #expect(names.contains(a))
        #expect(!names.contains(try Sample.path("a", "other")))
        #expect(names.resolve(b) == nil)
    }
}
