import Errors
import OCI
import Store
import Testing

/// `<A>` and `<B>` in a text are the paths of two nodes.
@Suite("A graph file")
struct GraphFileTests {
    private let directory: TreeDirectory
    private let a: StorePath
    private let b: StorePath

    init() throws {
        directory = try TreeDirectory()
        a = try Sample.path("a", "a-1.0")
        b = try Sample.path("b", "b")
    }

    private func spell(_ text: String) -> String {
        text.replacing("<A>", with: a.path).replacing("<B>", with: b.path)
            .replacing("<a>", with: a.baseName).replacing("<b>", with: b.baseName)
    }

    private func read(_ text: String) throws -> Closure {
        let file = try directory.write("graph", spell(text))
        return try GraphFile.read(file, storeDir: "/nix/store").closure
    }

    @Test(
        "may have any of the formats",
        arguments: [
            // exportReferencesGraph and nix path-info --json before 2.19
            #"[{"path":"<B>","references":[],"narSize":5},{"path":"<A>","references":["<A>","<B>"],"narSize":9,"valid":true}]"#,
            // exportReferencesGraph in structured attributes, with other members about it
            #"""
            {"name":"x","outputs":["out"],"graph":[{"path":"<B>","references":[],"narSize":5},
             {"path":"<A>","references":["<B>"],"narSize":9}]}
            """#,
            // two graphs that overlap
            #"""
            {"g1":[{"path":"<B>","references":[],"narSize":5}],
             "g2":[{"path":"<A>","references":["<B>"],"narSize":9},{"path":"<B>","references":[],"narSize":5}]}
            """#,
            // registrations, with a blank deriver and with one, with and without a line end
            "<B>\nsha256:0\n5\n\n0\n<A>\nsha256:0\n9\n<B>.drv\n2\n<B>\n<A>\n",
            "<B>\n0\n5\n\n0\n<A>\n0\n9\n\n1\n<B>",
        ])
    func formsInTheirOwnOrder(_ text: String) throws {
        #expect(try read(text).nodes == [Sample.node(b, narSize: 5), Sample.node(a, [b], narSize: 9)])
    }

    @Test(
        "may be an object of paths",
        arguments: [
            // nix path-info --json since 2.19
            #"{"<B>":{"references":[],"narSize":5},"<A>":{"references":["<A>","<B>"],"narSize":9}}"#,
            // its format 2
            #"""
            {"version":2,"storeDir":"/nix/store",
             "info":{"<b>":{"references":[],"narSize":5},"<a>":{"references":["<b>"],"narSize":9}}}
            """#,
        ])
    func objectsOfPathsInTheOrderOfTheirKeys(_ text: String) throws {
        #expect(try read(text).nodes == [Sample.node(a, [b], narSize: 9), Sample.node(b, narSize: 5)])
    }

    @Test(
        "may be the text of exportReferencesGraph, with blank derivers or without",
        arguments: ["<B>\n\n0\n<A>\n\n2\n<A>\n<B>\n", "<B>\n<B>.drv\n0\n<A>\n<A>.drv\n1\n<B>"])
    func referencesGraphs(_ text: String) throws {
        #expect(try read(text).nodes == [Sample.node(b), Sample.node(a, [b])])
    }

    @Test("may be the directory of closureInfo")
    func closureInfo() throws {
        _ = try directory.write("info/registration", spell("<B>\n0\n5\n\n0\n<A>\n0\n9\n\n1\n<B>\n"))
        _ = try directory.write("info/store-paths", spell("<A>\n<B>\n"))
        let closure = try GraphFile.read(directory.path.appending("info"), storeDir: "/nix/store").closure
        #expect(closure.nodes == [Sample.node(b, narSize: 5), Sample.node(a, [b], narSize: 9)])
    }

    @Test(
        "may have the hashes of NARs in the forms that versions of Nix write",
        arguments: [
            #""sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s""#,
            #""sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#,
            #""sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=""#,
            #"{"algorithm":"sha256","format":"base64","hash":"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="}"#,
        ])
    func hashes(_ hash: String) throws {
        let digest = try SHA256.digest(of: Array("abc".utf8))
        #expect(
            try read(#"[{"path":"<A>","references":[],"narHash":\#(hash)}]"#).nodes
                == [Sample.node(a, narHash: digest)])
        #expect(
            try read("<A>\n\(digest.hex)\n9\n\n0\n").nodes == [Sample.node(a, narSize: 9, narHash: digest)])
    }

    @Test(
        "may have other hashes, which are ignored",
        arguments: [
            "null", "7", "\"\"", #""sha1:a9993e364706816aba3e25717850c26c9cd0d89d""#,
            #"{"algorithm":"blake3","hash":""}"#,
        ])
    func otherHashes(_ hash: String) throws {
        #expect(
            try read(#"[{"path":"<A>","references":[],"narHash":\#(hash)}]"#).nodes == [Sample.node(a)])
    }

    @Test("may be empty", arguments: ["", "\n", "[]", "{\"graph\":[]}"])
    func anEmptyGraph(_ text: String) throws {
        #expect(try read(text).nodes.isEmpty)
    }

    @Test("may lack sizes")
    func sizesMayBeMissing() throws {
        #expect(try read(#"[{"path":"<A>","references":[],"narSize":null}]"#).nodes == [Sample.node(a)])
        #expect(try read(#"[{"path":"<A>","references":[]}]"#).nodes == [Sample.node(a)])
    }

    @Test(
        "is an error with the position of an invalid value",
        arguments: [
            (#"["x"]"#, "[0]: found a string, expected an object {path, references}"),
            (#"[{"references":[]}]"#, "[0].path: found nothing, expected a store path of the store /nix/store"),
            (#"[{"path":7}]"#, "[0].path: found an integer, expected a store path of the store /nix/store"),
            (#"[{"path":"/gnu/x"}]"#, "[0].path: found '/gnu/x', expected a store path of the store /nix/store"),
            (#"[{"path":"<A>/bin"}]"#, "[0].path: found '<A>/bin', expected a store path of the store /nix/store"),
            (#"[{"path":"<A>"}]"#, "[0].references: found nothing, expected the list of references of '<A>'"),
            (
                #"[{"path":"<A>","valid":false}]"#,
                "[0]: found a path that is not valid, expected the references of '<A>'"
            ),
            (
                #"{"g":[{"path":"<A>","references":["<B>",null]}]}"#,
                "g[0].references[1]: found null, expected a store path of the store /nix/store"
            ),
            (#"[{"path":"<A>","references":[],"narSize":-1}]"#, "[0].narSize: found -1, expected a size in bytes"),
            (
                #"[{"path":"<A>","references":[],"narSize":"1"}]"#,
                "[0].narSize: found a string, expected a size in bytes"
            ),
            (#"{"<A>":null}"#, #"["<A>"]: found null, expected the references of '<A>'"#),
            (
                #"{"<A>":{"references":[]},"x":{}}"#,
                #"["x"]: found 'x', expected a store path of the store /nix/store"#
            ),
            (#"{"info":null}"#, "info: found null, expected an object of paths"),
            (#"{"info":{"<a>":null}}"#, #"info["<a>"]: found null, expected the references of '<A>'"#),
            (#"{"info":{},"storeDir":"/gnu/store"}"#, "storeDir: found '/gnu/store', expected '/nix/store'"),
            (
                #"{"outputs":["out"]}"#,
                "the whole text: found an object without any of these, expected a list of {path, references}, "
                    + "an object with such a list, or an object of paths"
            ),
            ("hello\n", "line 1: found 'hello', expected a store path, of the store /nix/store"),
            ("<A>\n", "line 2: found the end of the text, expected the hash of the NAR of '<A>'"),
            ("<A>\n\nx\n", "line 3: found 'x', expected the number of references of '<A>'"),
            ("<A>\n\n1\n", "line 4: found the end of the text, expected reference 1 of the 1 of '<A>'"),
            ("<A>\n0\nx\n\n0\n", "line 3: found 'x', expected the size of the NAR of '<A>' in bytes"),
            ("<A>\n0\n-1\n\n0\n", "line 3: found '-1', expected the size of the NAR of '<A>' in bytes"),
            ("<A>\n0\n1\n\n-1\n", "line 5: found '-1', expected the number of references of '<A>'"),
            (
                "<A>\n0\n1\n\n9000000000000000000\n<A>\n",
                "line 7: found the end of the text, expected reference 2 of the 9000000000000000000 of '<A>'"
            ),
            (
                "<A>\n0\n1\n\n1\n/etc\n",
                "line 6: found '/etc', expected reference 1 of the 1 of '<A>', of the store /nix/store"
            ),
        ])
    func faultsAreTold(text: String, cause: String) throws {
        let failure = #expect(throws: ToolError.self) { try read(text) }
        #expect(failure?.code == .data)
        #expect(failure?.message == "cannot use the graph file '\(directory.path)/graph'")
        #expect(failure?.cause == spell(cause))
    }

    @Test("must be valid JSON if it begins with a bracket")
    func brokenJSONIsRefused() throws {
        let failure = #expect(throws: ToolError.self) { try read(#"[{"path": "<A>","#) }
        #expect(failure?.code == .data)
        #expect(failure?.message == "cannot read the graph file '\(directory.path)/graph'")
    }

    @Test("must list every referenced path")
    func aReferenceToAPathThatIsNotListedNamesBoth() throws {
        let failure = #expect(throws: ToolError.self) { try read(#"[{"path":"<A>","references":["<B>"]}]"#) }
        #expect(failure?.cause == "'\(a)' refers to '\(b)', which is not listed")
    }

    @Test("may have cycles")
    func aCycleIsAccepted() throws {
        let closure = try read(#"[{"path":"<A>","references":["<B>"]},{"path":"<B>","references":["<A>"]}]"#)
        #expect(closure.references == [[1], [0]])
    }

    @Test("that is missing is an error in the data")
    func aMissingFileIsBadData() throws {
        let file = directory.path.appending("none")
        let failure = #expect(throws: ToolError.self) { try GraphFile.read(file, storeDir: "/nix/store") }
        #expect(failure?.code == .data)
        #expect(failure?.message == "cannot read the graph file '\(file)'")
        #expect(failure?.cause == "there is no such file")
    }

    @Test("cannot be another directory")
    func aDirectoryCannotBeRead() throws {
        let failure = #expect(throws: ToolError.self) { try GraphFile.read(directory.path, storeDir: "/nix/store") }
        #expect(failure?.code == .data)
        #expect(failure?.message == "cannot read the graph of the directory '\(directory.path)'")
    }

    @Test("may have another store directory")
    func otherStoreDirectories() throws {
        let guix = try Sample.path("a", "hello", storeDir: "/gnu/store")
        let file = try directory.write("graph", "[{\"path\":\"\(guix)\",\"references\":[]}]")
        #expect(try GraphFile.read(file, storeDir: "/gnu/store").closure.nodes == [Sample.node(guix)])
    }
}
