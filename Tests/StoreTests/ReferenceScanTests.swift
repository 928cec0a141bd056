import Errors
import Store
import SystemPackage
import Testing

@Suite("Scanning for references")
struct ReferenceScanTests {
    private let directory: TreeDirectory
    private let store: StoreLocation
    private let a: StorePath
    private let b: StorePath
    private let c: StorePath

    init() throws {
        directory = try TreeDirectory()
        store = StoreLocation(storeDir: "/gnu/store", root: directory.path)
        a = try Sample.path("a", "a", storeDir: "/gnu/store")
        b = try Sample.path("b", "b", storeDir: "/gnu/store")
        c = try Sample.path("c", "c", storeDir: "/gnu/store")
    }

    private func place(_ path: StorePath, _ below: String = "") -> String {
        "gnu/store/\(path.baseName)\(below)"
    }

    @Test("searches files, links and names")
    func filesLinksAndNamesAreSearched() throws {
        let d = try Sample.path("d", "d", storeDir: "/gnu/store")
        let unrelated = try Sample.path("f", "f", storeDir: "/gnu/store")
        try directory.write(place(a, "/bin/x"), "\0\0self \(a) and \(b.hashPart)\u{1}")
        try directory.link(place(a, "/link"), to: "../\(c.baseName)/lib")
        try directory.write(place(a, "/share/\(d.hashPart).conf"), "")
        try directory.write(
            place(b), "no reference, but for one that is not there: \(String(repeating: "g", count: 32))-g")
        try directory.link(place(c), to: b.path)
        try directory.makeDirectory(place(d))
        try directory.write(place(unrelated), "\(a)")

        let closure = try ReferenceScan(store).closure(of: [a, a])
        #expect(
            closure.nodes == [Sample.node(a, [b, c, d]), Sample.node(b), Sample.node(c, [b]), Sample.node(d)])
    }

    @Test("finds a hash part that is split over two reads", arguments: [0, 1, 15, 31, 32, 33])
    func aHashPartAcrossTheReadsIsFound(before: Int) throws {
        let block = 256 * 1024
        try directory.write(place(b), "")
        try directory.write(place(c), "")
        // The second read follows the 31 bytes that are kept from the first.
        var bytes = [UInt8](repeating: 0, count: 3 * block)
        bytes.replaceSubrange((block - before)..<(block - before + 32), with: b.hashPart.utf8)
        bytes.replaceSubrange((2 * block - 31 - before)..<(2 * block - 31 - before + 32), with: c.hashPart.utf8)
        try directory.write(place(a), bytes)
        #expect(try ReferenceScan(store).closure(of: [a]).nodes.first == Sample.node(a, [b, c]))
    }

    @Test("finds no hash part that is split over two files")
    func aHashPartInTwoFilesIsNone() throws {
        try directory.write(place(b), "")
        try directory.write(place(a, "/1"), String(b.hashPart.prefix(16)))
        try directory.write(place(a, "/2"), String(b.hashPart.suffix(16)))
        #expect(try ReferenceScan(store).closure(of: [a]).nodes == [Sample.node(a)])
    }

    @Test("does not read pipes")
    func pipesAreNotRead() throws {
        try directory.makeDirectory(place(a))
        try directory.makeFIFO(place(a, "/pipe"))
        #expect(try ReferenceScan(store).closure(of: [a]).nodes == [Sample.node(a)])
    }

    @Test("finds cycles")
    func cyclesAreFound() throws {
        try directory.write(place(a), b.path)
        try directory.write(place(b), a.path)
        #expect(try ReferenceScan(store).closure(of: [b]).nodes == [Sample.node(a, [b]), Sample.node(b, [a])])
    }

    @Test("ignores the lock file beside a path")
    func aLockBesideAPathIsNotMeant() throws {
        try directory.write(place(a), b.path)
        try directory.write(place(b), "")
        try directory.write(place(b, ".lock"), "")
        #expect(try ReferenceScan(store).closure(of: [a]).nodes == [Sample.node(a, [b]), Sample.node(b)])
    }

    @Test("reports a missing root")
    func aRootThatIsNotThereIsNamed() throws {
        try directory.write(place(a), "")
        let failure = #expect(throws: ToolError.self) { try ReferenceScan(store).closure(of: [a, b]) }
        #expect(failure?.code == .data)
        #expect(failure?.message == "store path '\(b)' is not in the store")
        #expect(failure?.cause == "there is no \(directory.path)/gnu/store/\(b.baseName)")
    }

    @Test("finds nothing in a missing store")
    func aMissingStoreHoldsNothing() throws {
        #expect(try ReferenceScan(store).closure(of: []).nodes.isEmpty)
        #expect(throws: ToolError.self) { try ReferenceScan(store).closure(of: [a]) }
    }
}
