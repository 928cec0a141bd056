import Failures
import Store
import SystemPackage
import Testing

@Suite struct ReferenceScanTests {
    private let folder: TemporaryFolder
    private let store: StoreLocation
    private let a: StorePath
    private let b: StorePath
    private let c: StorePath

    init() throws {
        folder = try TemporaryFolder()
        store = StoreLocation(storeDir: "/gnu/store", root: folder.path)
        a = try Sample.path("a", "a", storeDir: "/gnu/store")
        b = try Sample.path("b", "b", storeDir: "/gnu/store")
        c = try Sample.path("c", "c", storeDir: "/gnu/store")
    }

    private func place(_ path: StorePath, _ below: String = "") -> String {
        "gnu/store/\(path.baseName)\(below)"
    }

    @Test func filesLinksAndNamesAreSearched() throws {
        let d = try Sample.path("d", "d", storeDir: "/gnu/store")
        let unrelated = try Sample.path("f", "f", storeDir: "/gnu/store")
        try folder.write(place(a, "/bin/x"), "\0\0self \(a) and \(b.hashPart)\u{1}")
        try folder.link(place(a, "/link"), to: "../\(c.baseName)/lib")
        try folder.write(place(a, "/share/\(d.hashPart).conf"), "")
        try folder.write(
            place(b), "no reference, but for one that is not there: \(String(repeating: "g", count: 32))-g")
        try folder.link(place(c), to: b.path)
        try folder.makeFolder(place(d))
        try folder.write(place(unrelated), "\(a)")

        let closure = try ReferenceScan(store).closure(of: [a, a])
        #expect(
            closure.nodes == [Sample.node(a, [b, c, d]), Sample.node(b), Sample.node(c, [b]), Sample.node(d)])
    }

    @Test(arguments: [0, 1, 15, 31, 32, 33])
    func aHashPartAcrossTheReadsIsFound(before: Int) throws {
        let block = 256 * 1024
        try folder.write(place(b), "")
        try folder.write(place(c), "")
        // The second read begins behind the 31 bytes that were kept of the first.
        var bytes = [UInt8](repeating: 0, count: 3 * block)
        bytes.replaceSubrange((block - before)..<(block - before + 32), with: b.hashPart.utf8)
        bytes.replaceSubrange((2 * block - 31 - before)..<(2 * block - 31 - before + 32), with: c.hashPart.utf8)
        try folder.write(place(a), bytes)
        #expect(try ReferenceScan(store).closure(of: [a]).nodes.first == Sample.node(a, [b, c]))
    }

    @Test func aHashPartInTwoFilesIsNone() throws {
        try folder.write(place(b), "")
        try folder.write(place(a, "/1"), String(b.hashPart.prefix(16)))
        try folder.write(place(a, "/2"), String(b.hashPart.suffix(16)))
        #expect(try ReferenceScan(store).closure(of: [a]).nodes == [Sample.node(a)])
    }

    @Test func pipesAreNotRead() throws {
        try folder.makeFolder(place(a))
        try folder.makeFIFO(place(a, "/pipe"))
        #expect(try ReferenceScan(store).closure(of: [a]).nodes == [Sample.node(a)])
    }

    @Test func cyclesAreFound() throws {
        try folder.write(place(a), b.path)
        try folder.write(place(b), a.path)
        #expect(try ReferenceScan(store).closure(of: [b]).nodes == [Sample.node(a, [b]), Sample.node(b, [a])])
    }

    @Test func aLockBesideAPathIsNotMeant() throws {
        try folder.write(place(a), b.path)
        try folder.write(place(b), "")
        try folder.write(place(b, ".lock"), "")
        #expect(try ReferenceScan(store).closure(of: [a]).nodes == [Sample.node(a, [b]), Sample.node(b)])
    }

    @Test func aRootThatIsNotThereIsNamed() throws {
        try folder.write(place(a), "")
        let failure = #expect(throws: Failure.self) { try ReferenceScan(store).closure(of: [a, b]) }
        #expect(failure?.code == .data)
        #expect(failure?.what == "store path '\(b)' is not in the store")
        #expect(failure?.why == "there is no \(folder.path)/gnu/store/\(b.baseName)")
    }

    @Test func aMissingStoreHoldsNothing() throws {
        #expect(try ReferenceScan(store).closure(of: []).nodes.isEmpty)
        #expect(throws: Failure.self) { try ReferenceScan(store).closure(of: [a]) }
    }
}
