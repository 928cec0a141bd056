import Testing

@Suite("Whiteouts")
struct LayerWhiteoutTests {
    static let base: [CraftedEntry] = [
        .directory("d", mode: 0o700), .file("d/a", "1"), .file("d/s/b", "2"), .file("f", "3"), .link("l", "d"),
    ]

    @Test("remove a file, a directory with its contents, or a link but not its target")
    func remove() throws {
        #expect(
            try CraftedLayers.lines(Self.base, [.file(".wh.f"), .file("d/.wh.s")])
                == ["d ./d/", "f ./d/a 1", "l ./l -> d"])
        #expect(try CraftedLayers.lines(Self.base, [.file("./.wh.d")]) == ["f ./f 3", "l ./l -> d"])
        #expect(
            try CraftedLayers.lines(Self.base, [.file("/.wh.l")])
                == ["d ./d/", "f ./d/a 1", "d ./d/s/", "f ./d/s/b 2", "f ./f 3"])
    }

    @Test("of missing files are accepted and have no effect")
    func missing() throws {
        let plain = try CraftedLayers.lines(Self.base)
        #expect(
            try CraftedLayers.lines(
                Self.base, [.file(".wh.x"), .file("x/.wh.y"), .file("f/.wh.y"), .file("x/.wh..wh..opq")]) == plain)
        #expect(try CraftedLayers.lines([.file(".wh.x"), .file("x/y/.wh..wh..opq")]) == [])
    }

    @Test("do not remove entries of the same layer, whether before or after them")
    func sameLayer() throws {
        for order in [[0, 1], [1, 0]] {
            let file: [CraftedEntry] = [.file(".wh.f"), .file("f", "new")]
            #expect(
                try CraftedLayers.lines([.file("f", "old")], order.map { file[$0] }) == ["f ./f new"])
            let directory: [CraftedEntry] = [.file(".wh.d"), .file("d/new", "x")]
            #expect(
                try CraftedLayers.lines(Self.base, order.map { directory[$0] }).prefix(3) == [
                    "d ./d/", "f ./d/new x", "f ./f 3",
                ])
            let tree = try CraftedLayers.tree([Self.base, order.map { directory[$0] }])
            #expect(tree.find(Array("d".utf8)).flatMap(tree.entry)?.mode == 0o755)
        }
        #expect(
            try CraftedLayers.lines(
                Self.base, [.directory("d", mode: 0o711), .directory("d/s"), .file("d/s/c", "x"), .file(".wh.d")])
                == ["d ./d/", "d ./d/s/", "f ./d/s/c x", "f ./f 3", "l ./l -> d"])
    }

    @Test("that are opaque hide the contents of lower layers, whether before or after other entries")
    func opaque() throws {
        let new: [CraftedEntry] = [.file("d/n", "x"), .file("d/s/m", "y"), .file("d/.wh..wh..opq")]
        for order in [[0, 1, 2], [2, 0, 1], [0, 2, 1]] {
            #expect(
                try CraftedLayers.lines(Self.base, order.map { new[$0] })
                    == ["d ./d/", "f ./d/n x", "d ./d/s/", "f ./d/s/m y", "f ./f 3", "l ./l -> d"])
            let tree = try CraftedLayers.tree([Self.base, order.map { new[$0] }])
            // The directory itself is that of the lower layer.
            #expect(tree.find(Array("d".utf8)).flatMap(tree.entry)?.mode == 0o700)
        }
    }

    @Test("that are opaque in the root hide everything")
    func opaqueRoot() throws {
        #expect(try CraftedLayers.lines(Self.base, [.file("n"), .file(".wh..wh..opq")]) == ["f ./n"])
        #expect(try CraftedLayers.lines(Self.base, [.file("/.wh..wh..opq")]) == [])
    }

    @Test("hide nothing of higher layers")
    func above() throws {
        #expect(
            try CraftedLayers.lines(
                Self.base, [.file("d/.wh..wh..opq"), .file(".wh.f")], [.file("d/a", "4"), .file("f")])
                == ["d ./d/", "f ./d/a 4", "f ./f", "l ./l -> d"])
        #expect(
            try CraftedLayers.lines(Self.base, [.file("d/.wh..wh..opq"), .file("d/x")], [.file("d/.wh..wh..opq")])
                == ["d ./d/", "f ./f 3", "l ./l -> d"])
    }

    @Test("in an opaque directory are accepted")
    func inOpaque() throws {
        #expect(
            try CraftedLayers.lines(
                Self.base,
                [.directory("d"), .file("d/.wh..wh..opq"), .file("d/.wh.a"), .file("d/.wh.none"), .file("d/s/.wh.b")])
                == ["d ./d/", "f ./f 3", "l ./l -> d"])
    }

    @Test(
        "through a link of a lower layer have no effect; through a link of their own layer they do"
    )
    func throughLinks() throws {
        let plain = try CraftedLayers.lines(Self.base)
        #expect(try CraftedLayers.lines(Self.base, [.file("l/.wh..wh..opq"), .file("l/.wh.a")]) == plain)
        #expect(
            try CraftedLayers.lines(Self.base, [.link("k", "../../d"), .file("k/.wh..wh..opq")])
                == ["d ./d/", "f ./f 3", "l ./k -> ../../d", "l ./l -> d"])
        #expect(
            try CraftedLayers.lines(Self.base, [.link("k", "k"), .file("k/.wh.a")])
                == plain.dropLast() + ["l ./k -> k", "l ./l -> d"])
    }

    @Test("without a valid name are refused", arguments: [".wh.", ".wh..", ".wh...", "d/.wh.", "d/.wh..", "d/.wh..."])
    func noName(path: String) throws {
        let failure = try #require(CraftedLayers.refusal(Self.base, [.file(path)]))
        #expect(failure.code == .data)
        #expect(failure.message == "cannot read \(CraftedLayers.name), entry 1 '\(path)'")
        #expect(failure.cause == "it is a whiteout without a valid name")
    }

    @Test("have no contents", arguments: [".wh.d/x", "d/.wh.s/x/y", ".wh../x", ".wh..wh..opq/x"])
    func below(path: String) {
        #expect(CraftedLayers.refusal(Self.base, [.file(path)])?.cause == "it is below a whiteout")
    }

    @Test("of AUFS itself are ignored, with their contents")
    func bookkeeping() throws {
        #expect(
            try CraftedLayers.lines(
                [.file("a", "1")],
                [
                    .directory(".wh..wh.plnk"), .file(".wh..wh.plnk/1.2", "x"), .directory(".wh..wh.orph"),
                    .file(".wh..wh.aufs"), .file("a/.wh..wh.x"), .file(".wh..wh.plnk/.wh.x"),
                ]) == ["f ./a 1"])
    }

    @Test("are not confused with similar names")
    func lookalikes() throws {
        #expect(try CraftedLayers.lines([.file("wh.a"), .file(".wha"), .file("a.wh.b")]).count == 3)
    }

    @Test("that are repeated take little time")
    func repeated() throws {
        // 20,000 whiteouts of a directory with 20,000 names: 400 million steps if each looked at all of them.
        let count = 20_000
        let base = (0..<count).map { CraftedEntry.file("d/\($0)") }
        let again = [CraftedEntry.file("d/new")] + (0..<count).map { .file($0 % 2 == 0 ? ".wh.d" : "d/.wh..wh..opq") }
        #expect(try CraftedLayers.lines(base, again) == ["d ./d/", "f ./d/new"])
    }
}
