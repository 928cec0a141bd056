import Tar
import Testing

@Suite("Names in layers")
struct LayerNamesTests {
    @Test(
        "are paths from the root, in any spelling",
        arguments: ["a/b", "./a/b", "/a/b", "//a//b", "a/./b", ".//a/b", "././a/b", "/./a/./b"])
    func areNormalised(path: String) throws {
        #expect(try CraftedLayers.lines([.file(path, "x")]) == ["d ./a/", "f ./a/b x"])
    }

    @Test("of the root set its attributes", arguments: [".", "./", "/", "//", "/./"])
    func ofTheRoot(path: String) throws {
        var root = CraftedEntry.directory(path, mode: 0o1750)
        root.attributes.uid = 12
        let entry = try #require(try CraftedLayers.tree([[.file("a"), root]]).entry(.root))
        #expect(entry.kind == .directory)
        #expect(entry.mode == 0o1750)
        #expect(entry.attributes == root.attributes)
        #expect(try CraftedLayers.lines([.file("a"), root]) == ["f ./a"])
    }

    @Test("of the root are refused for other types than directories (CVE-2021-29136)")
    func ofTheRootRefuseLinks() throws {
        for entry in [CraftedEntry.link(".", "/etc"), .file("./"), .link("/", "x")] {
            let failure = try #require(CraftedLayers.refusal([entry]))
            #expect(failure.cause == "it has the path of the root but is not a directory")
        }
        let failure = try #require(CraftedLayers.refusal([.file("a"), .hardLink(".", "a")]))
        #expect(failure.cause == "it has the path of the root but is not a directory")
    }

    @Test(
        "with .. are refused", arguments: ["..", "../x", "/../x", "a/..", "a/../x", "a/../../x", "./../x"])
    func upwards(path: String) throws {
        let failure = try #require(CraftedLayers.refusal([.file("ok"), .file(path)]))
        #expect(failure.code == .data)
        #expect(failure.message == "cannot read \(CraftedLayers.name), entry 2 '\(path)'")
        #expect(failure.cause == "its name contains '..'")
    }

    @Test("with other dots are accepted", arguments: ["...", "..a", "a..", ".a"])
    func dots(path: String) throws {
        #expect(try CraftedLayers.lines([.file(path)]) == ["f ./\(path)"])
    }

    @Test("that are empty are refused")
    func empty() throws {
        #expect(CraftedLayers.refusal([.file("")])?.cause == "its name is empty")
    }

    @Test("with a NUL inside are refused")
    func withNUL() throws {
        let failure = try #require(CraftedLayers.refusal([.file("é\0b")]))
        #expect(failure.code == .data)
        #expect(failure.cause.contains("NUL"))
    }

    @Test("may have up to 255 bytes in a component and 4093 in total")
    func tooLong() throws {
        let longest = String(repeating: "x", count: 255)
        #expect(try CraftedLayers.lines([.file(longest)]) == ["f ./\(longest)"])
        #expect(
            CraftedLayers.refusal([.file("a/\(longest)x/b")])?.cause
                == "a component of its name has 256 bytes, more than the limit of 255")
        let deep = String(repeating: "a/", count: 2046) + "b"
        #expect(try CraftedLayers.lines([.file(deep)]).count == 2047)
        #expect(
            CraftedLayers.refusal([.file(deep + "c")])?.cause
                == "its path has 4094 bytes, more than the limit of 4093")
        #expect(
            CraftedLayers.refusal([.file(deep + "cdef")])?.cause
                == "its name has 4097 bytes, more than the limit of 4096"
        )
    }

    @Test("that are not UTF-8 are kept as bytes")
    func notUTF8() throws {
        let name: [UInt8] = [0x61, 0xFF, 0xFE]
        let tree = try CraftedLayers.tree([[CraftedEntry(path: name)]])
        #expect(tree.children(of: .root).map { Array(tree.name(of: $0)) } == [name])
    }

    @Test("create missing parent directories with mode 0755, owner 0:0 and time 0")
    func makeDirectories() throws {
        let tree = try CraftedLayers.tree([[.file("a/b/c")]])
        let entry = try #require(tree.find(Array("a/b".utf8)).flatMap(tree.entry))
        #expect(entry.kind == .directory)
        #expect(entry.mode == 0o755)
        #expect(entry.attributes == TarAttributes())
    }

    @Test("that become too long by links are refused")
    func tooDeep() throws {
        let deep = String(repeating: "a/", count: 1500)
        let half = String(deep.dropLast())
        #expect(
            CraftedLayers.refusal([.directory(half), .link("l", half), .file("l/\(deep)x")])?.cause
                == "its path has 4095 bytes, more than the limit of 4093")
    }

    @Test("that are repeated in a layer have the last entry")
    func twice() throws {
        #expect(try CraftedLayers.lines([.file("a", "1"), .file("a", "2")]) == ["f ./a 2"])
        #expect(try CraftedLayers.lines([.directory("a"), .file("a/b"), .file("./a", "2")]) == ["f ./a 2"])
        #expect(try CraftedLayers.lines([.file("a", "1"), .directory("a"), .file("a/b")]) == ["d ./a/", "f ./a/b"])
        let tree = try CraftedLayers.tree([[.directory("a", mode: 0o700), .file("a/b"), .directory("a/", mode: 0o711)]])
        #expect(tree.find(Array("a".utf8)).flatMap(tree.entry)?.mode == 0o711)
        #expect(tree.find(Array("a/b".utf8)) != nil)
    }
}
