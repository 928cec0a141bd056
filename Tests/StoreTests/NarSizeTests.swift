import Foundation
import Subprocess
import SystemPackage
import Testing

@testable import Store

@Suite("The size of a NAR")
struct NarSizeTests {
    private let directory: TreeDirectory

    init() throws { directory = try TreeDirectory() }

    private func dumpSize(_ path: FilePath) async throws -> UInt64 {
        let result = try await run(
            .name("nix-store"), arguments: ["--dump", path.string], output: .bytes(limit: 16 << 20))
        try #require(result.terminationStatus.isSuccess)
        return UInt64(result.standardOutput.count)
    }

    @Test("is that of nix-store --dump for all kinds of files")
    func aTreeOfEverything() async throws {
        try directory.write("top/empty", "")
        try directory.write("top/seven", "1234567")
        try directory.write("top/eight", "12345678")
        try directory.write("top/nine", "123456789", mode: 0o755)
        try directory.write("top/others-may", "x", mode: 0o655)
        try directory.write("top/größer/a/b/c", [UInt8](repeating: 7, count: 100_001), mode: 0o500)
        try directory.makeDirectory("top/empty-directory")
        try directory.link("top/link", to: "größer/nowhere")
        try directory.link("top/to-directory", to: "empty-directory")
        let top = directory.path.appending("top")
        #expect(NarSize.of(try FileTree.walk(top)) == (try await dumpSize(top)))
    }

    @Test("is that of nix-store --dump for files", arguments: [0, 1, 7, 8, 9, 4096])
    func aFile(size: Int) async throws {
        let file = try directory.write("file", [UInt8](repeating: 1, count: size), mode: size == 9 ? 0o755 : 0o644)
        #expect(NarSize.of(try FileTree.walk(file)) == (try await dumpSize(file)))
    }

    @Test("is that of nix-store --dump for a link and an empty directory")
    func aLinkAndAnEmptyDirectory() async throws {
        try directory.link("link", to: "1234567")
        try directory.makeDirectory("empty")
        for name in ["link", "empty"] {
            let path = directory.path.appending(name)
            #expect(NarSize.of(try FileTree.walk(path)) == (try await dumpSize(path)))
        }
    }

    @Test("does not overflow for sparse files")
    func hugeSparseFilesDoNotOverflow() throws {
        try directory.write("top/a", "")
        try directory.write("top/b", "")
        var tree = try FileTree.walk(directory.path.appending("top"))
        for index in tree.entries.indices where tree.entries[index].kind == .file {
            tree.entries[index].size = .max - 100
        }
        #expect(NarSize.of(tree) == .max)
    }

    @Test("fills in the missing sizes of a closure")
    func missingSizesAreFilled() throws {
        let store = StoreLocation(root: directory.path)
        let a = try Sample.path("a", "a")
        let b = try Sample.path("b", "b")
        try directory.write("nix/store/\(a.baseName)", "12345678")
        let closure = try Closure([Sample.node(b, [a], narSize: 3), Sample.node(a)], source: "the graph")
        #expect(
            try closure.fillingSizes(from: store).nodes == [
                Sample.node(b, [a], narSize: 3), Sample.node(a, narSize: 120),
            ])
    }
}
