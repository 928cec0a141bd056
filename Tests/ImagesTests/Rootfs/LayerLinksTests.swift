import Tar
import Testing

@Suite("Links in layers")
struct LayerLinksTests {
    @Test("of the same layer are followed within the root")
    func followed() throws {
        #expect(
            try CraftedLayers.lines([.link("a", "/etc"), .file("a/passwd", "x")])
                == ["l ./a -> /etc", "d ./etc/", "f ./etc/passwd x"])
        #expect(
            try CraftedLayers.lines([.link("d/a", "../../../../e"), .file("d/a/f", "x")])
                == ["d ./d/", "l ./d/a -> ../../../../e", "d ./e/", "f ./e/f x"])
        #expect(
            try CraftedLayers.lines([.link("d/a", "./x//y/"), .file("d/a/f")])
                == ["d ./d/", "l ./d/a -> ./x//y/", "d ./d/x/", "d ./d/x/y/", "f ./d/x/y/f"])
        #expect(try CraftedLayers.lines([.link("a", ".."), .file("a/f")]) == ["l ./a -> ..", "f ./f"])
    }

    @Test("of the same layer are followed through one another")
    func chains() throws {
        #expect(
            try CraftedLayers.lines([.link("a", "b"), .link("b", "/c/d"), .link("c", "e"), .file("a/f", "x")])
                == ["l ./a -> b", "l ./b -> /c/d", "l ./c -> e", "d ./e/", "d ./e/d/", "f ./e/d/f x"])
    }

    @Test("that form a loop are replaced by a directory")
    func circles() throws {
        #expect(try CraftedLayers.lines([.link("a", "a"), .file("a/f")]) == ["d ./a/", "f ./a/f"])
        #expect(
            try CraftedLayers.lines([.link("a", "b"), .link("b", "a/x"), .file("a/f")])
                == ["d ./a/", "f ./a/f", "l ./b -> a/x"])
    }

    @Test("are followed 40 times and no more")
    func forty() throws {
        func chain(_ count: Int) -> [CraftedEntry] {
            (1...count).map { .link("l\($0)", $0 == count ? "end" : "l\($0 + 1)") } + [.file("l1/f")]
        }
        #expect(try CraftedLayers.lines(chain(40)).contains("f ./end/f"))
        let lines = try CraftedLayers.lines(chain(41))
        #expect(lines.contains("f ./l1/f"))
        #expect(!lines.contains("d ./end/"))
    }

    @Test("of a lower layer are replaced by a directory, and their targets do not change")
    func lower() throws {
        #expect(
            try CraftedLayers.lines([.file("etc/passwd", "old"), .link("a", "/etc")], [.file("a/passwd", "new")])
                == ["d ./a/", "f ./a/passwd new", "d ./etc/", "f ./etc/passwd old"])
        #expect(
            try CraftedLayers.lines([.link("b", "c")], [.link("a", "b"), .file("a/f")])
                == ["l ./a -> b", "d ./b/", "f ./b/f"])
    }

    @Test("of a lower layer that a layer repeats are those of that layer")
    func repeated() throws {
        #expect(
            try CraftedLayers.lines([.link("a", "b")], [.link("a", "c"), .file("a/f")])
                == ["l ./a -> c", "d ./c/", "f ./c/f"])
    }

    @Test("keep their targets byte for byte, wherever they point")
    func targets() throws {
        let target = "../../..//etc/./passwd/"
        #expect(try CraftedLayers.lines([.link("a", target)]) == ["l ./a -> \(target)"])
    }

    @Test("without a target, or with an invalid one, are refused")
    func badTargets() {
        #expect(CraftedLayers.refusal([.link("a", "")])?.cause == "it is a link with an empty target")
        #expect(
            CraftedLayers.refusal([.link("a", String(repeating: "x", count: 4097))])?.cause
                == "its target has 4097 bytes, more than the limit of 4096")
    }

    @Test("to an invalid name are refused if an entry leads through them")
    func badTargetComponent() {
        let long = String(repeating: "x", count: 256)
        #expect(CraftedLayers.refusal([.link("a", long)]) == nil)
        #expect(
            CraftedLayers.refusal([.link("a", long), .file("a/f")])?.cause
                == "a component of its name has 256 bytes, more than the limit of 255")
    }

    @Test(
        "to the name of a whiteout are refused if an entry leads through them",
        arguments: [".wh.b", "/.wh..wh..opq", "b/.wh.c"])
    func badTargetWhiteout(_ target: String) {
        #expect(CraftedLayers.refusal([.link("a", target)]) == nil)
        #expect(
            CraftedLayers.refusal([.link("a", target), .file("a/f")])?.cause
                == "a link leads to a path below a whiteout")
        #expect(
            CraftedLayers.refusal([.link("d/a", target), .directory("d/a/f")])?.cause
                == "a link leads to a path below a whiteout")
    }
}

@Suite("Hard links in layers")
struct LayerHardLinksTests {
    @Test("have the first name in the output as the file")
    func firstName() throws {
        #expect(
            try CraftedLayers.lines([.file("m", "x"), .hardLink("z", "m"), .hardLink("d/a", "./z")])
                == ["d ./d/", "f ./d/a x", "h ./m = ./d/a", "h ./z = ./d/a"])
    }

    @Test(
        "that leave the root, or lead to a missing file or a directory, are refused",
        arguments: [
            ("/x", "it is a hard link to '/x', which does not exist"),
            ("/../f", "it is a hard link to '/../f', which contains '..'"),
            ("/d", "it is a hard link to '/d', which is a directory"),
            ("/h", "it is a hard link to '/h', which does not exist"),
            ("../f", "it is a hard link to '../f', which contains '..'"),
            ("d/../f", "it is a hard link to 'd/../f', which contains '..'"),
            ("none", "it is a hard link to 'none', which does not exist"),
            ("f/x", "it is a hard link to 'f/x', which does not exist"),
            ("h", "it is a hard link to 'h', which does not exist"),
            ("d", "it is a hard link to 'd', which is a directory"),
            (".", "it is a hard link to '.', which is a directory"),
            ("", "it is a hard link with an empty target"),
        ])
    func refused(target: String, cause: String) throws {
        let failure = try #require(CraftedLayers.refusal([.file("f"), .directory("d"), .hardLink("h", target)]))
        #expect(failure.code == .data)
        #expect(failure.message == "cannot read \(CraftedLayers.name), entry 3 'h'")
        #expect(failure.cause == cause)
    }

    @Test("with absolute targets start from the root of the image", arguments: ["/d/f", "//d//f", "/./d/f", "/l/f"])
    func absolute(target: String) throws {
        let wanted = ["d ./a/", "f ./a/h x", "d ./d/", "h ./d/f = ./a/h", "l ./l -> /d"]
        #expect(
            try CraftedLayers.lines([.file("d/f", "x"), .link("l", "/d"), .hardLink("a/h", target)]) == wanted)
        #expect(
            try CraftedLayers.lines([.file("d/f", "x"), .link("l", "/d")], [.hardLink("a/h", target)]) == wanted)
    }

    @Test("to themselves are refused, in any spelling")
    func itself() {
        #expect(CraftedLayers.refusal([.file("f"), .hardLink("f", "./f")])?.cause == "it is a hard link to itself")
        #expect(CraftedLayers.refusal([.file("f"), .hardLink("f", "/f")])?.cause == "it is a hard link to itself")
        #expect(
            CraftedLayers.refusal([.link("l", "d"), .file("d/f"), .hardLink("l/f", "d/f")])?.cause
                == "it is a hard link to itself")
    }

    @Test("may lead to files of lower layers, with their metadata")
    func lower() throws {
        var file = CraftedEntry.file("f", "x")
        file.mode = 0o4711
        file.attributes.uid = 5
        file.xattrs = [TarXattr(name: Array("user.a".utf8), value: [1])]
        let tree = try CraftedLayers.tree([[file], [.hardLink("g", "f")]])
        let entry = try #require(tree.find(Array("g".utf8)).flatMap(tree.entry))
        #expect(entry.mode == 0o4711)
        #expect(entry.attributes == file.attributes)
        #expect(entry.xattrs == file.xattrs)
        #expect(try CraftedLayers.lines([file], [.hardLink("g", "f")]) == ["f ./f x", "h ./g = ./f"])
    }

    @Test("may lead through symbolic links to directories in the root")
    func throughLinks() throws {
        #expect(
            try CraftedLayers.lines([.file("d/f", "x"), .link("l", "/../d"), .hardLink("l/g", "l/f")])
                == ["d ./d/", "f ./d/f x", "h ./d/g = ./d/f", "l ./l -> /../d"])
    }

    @Test("to a symbolic link are names of the link, not of its target")
    func toLink() throws {
        #expect(
            try CraftedLayers.lines([.file("f", "x"), .link("l", "f"), .hardLink("m", "l")])
                == ["f ./f x", "l ./l -> f", "h ./m = ./l"])
    }

    @Test("keep the file when another layer replaces or removes its other name")
    func replaced() throws {
        let base: [CraftedEntry] = [.file("a", "old"), .hardLink("b", "a"), .hardLink("c", "a")]
        #expect(
            try CraftedLayers.lines(base, [.file("a", "new")]) == ["f ./a new", "f ./b old", "h ./c = ./b"])
        #expect(try CraftedLayers.lines(base, [.file(".wh.a")]) == ["f ./b old", "h ./c = ./b"])
        #expect(
            try CraftedLayers.lines(base, [.file(".wh.a"), .file(".wh.c")]) == ["f ./b old"])
        #expect(
            try CraftedLayers.lines([.file("a", "old"), .hardLink("b", "a"), .file("a", "new")])
                == ["f ./a new", "f ./b old"])
    }

    @Test("may replace a directory that contains their target")
    func overTarget() throws {
        #expect(try CraftedLayers.lines([.file("d/f", "x")], [.hardLink("d", "d/f")]) == ["f ./d x"])
        #expect(
            try CraftedLayers.lines([.file("f", "x")], [.hardLink("f/g", "f")]) == ["d ./f/", "f ./f/g x"])
    }

    @Test("of different empty files are different")
    func empty() throws {
        #expect(
            try CraftedLayers.lines([.file("a"), .file("b"), .hardLink("c", "b"), .hardLink("d", "a")])
                == ["f ./a", "f ./b", "h ./c = ./b", "h ./d = ./a"])
    }
}
