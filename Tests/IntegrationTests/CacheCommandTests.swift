import Foundation
import TestSupport
import Testing

@Suite("cache")
struct CacheCommandTests {
    private let machine: TestMachine

    init() throws {
        machine = try TestMachine(clockIsAhead: true)
        let hex = { String(repeating: $0 as Character, count: 64) }
        for (name, count) in [
            ("blobs/sha256/\(hex("a"))", 3000), ("blobs/sha256/\(hex("b"))", 2000), ("blobs/used/\(hex("a"))", 0),
            ("blobs/used/\(hex("b"))", 0), ("blobs/partial/\(hex("c"))", 7), ("layers/dd/\(hex("d"))", 142),
            ("lower/\(hex("e")).squashfs", 100),
        ] {
            try machine.write([UInt8](repeating: 1, count: count), to: "cache/dockertools/\(name)")
        }
        try Program.output([
            "touch", "-d", "40 days ago", machine.path("cache/dockertools/blobs/used/\(hex("a"))"),
        ])
    }

    private func cache(_ arguments: String...) throws -> Program.Outcome {
        try machine.run(["cache"] + arguments)
    }

    private var whole: String { machine.path("cache/dockertools/blobs/sha256") }

    @Test("cache prints its directory, and the number and size of each kind of entry")
    func shows() throws {
        let outcome = try cache()
        #expect(outcome.status == 0)
        #expect(
            outcome.text == """
                \(machine.path("cache/dockertools"))
                KIND                   NUMBER    SIZE
                blobs                       2  5.0 kB
                unfinished blobs            1     7 B
                digests of layers           1   142 B
                file systems of bases       1   100 B

                """)
        let json = try cache("--json")
        #expect(
            json.text == """
                {"blobs":{"bytes":5000,"count":2},"digests":{"bytes":142,"count":1},"freed":null,\
                "lowerImages":{"bytes":100,"count":1},"partialBlobs":{"bytes":7,"count":1},"path":"\(machine.path("cache/dockertools"))"}

                """)
    }

    @Test("cache --prune removes everything and prints the freed bytes")
    func prunes() throws {
        let outcome = try cache("--prune")
        #expect(outcome.status == 0)
        #expect(outcome.text.hasSuffix("freed 5.2 kB in 5 files\n"))
        #expect(try cache("--json").text.contains("\"blobs\":{\"bytes\":0,\"count\":0}"))
        #expect(try machine.shell("find cache -type f").text == "")
        #expect(try cache("--prune", "--json").text.contains("\"freed\":{\"bytes\":0,\"count\":0}"))
    }

    @Test("cache --prune removes old or least recently used entries")
    func prunesSome() throws {
        #expect(
            try cache("--prune", "--older-than", "30d", "--json").text.contains(
                "\"freed\":{\"bytes\":3000,\"count\":1}"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: whole) == [String(repeating: "b", count: 64)])
        #expect(try cache("--prune", "--keep", "1k").status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: whole).isEmpty)
    }

    @Test("A run caches the digests of its layers; after pruning they are computed again")
    func digests() throws {
        let path = try machine.store("a", "one", ["file": Array("contents".utf8)])
        try machine.graph([(path, [])])
        try machine.spec(["contents": [path], "closure": "graph.json"])
        let before = try machine.layered(["--json"])
        #expect(try cache("--json").text.contains("\"digests\":{\"bytes\":430,\"count\":3}"))
        #expect(try cache("--prune").status == 0)
        #expect(try machine.layered(["--json"]).output == before.output)
    }

    @Test("Without a cache directory the exit status is 69; with invalid or missing limits it is 64")
    func refuses() throws {
        let none = try machine.run(["cache"], environment: ["XDG_CACHE_HOME": "", "HOME": ""])
        #expect(none.status == 69)
        #expect(none.failure?.fix == "set HOME or XDG_CACHE_HOME")
        for arguments in [
            ["--keep", "1G"], ["--older-than", "1d"], ["--prune", "--keep", "much"], ["--prune", "--older-than", "x"],
            ["--prune", "--older-than", "1d", "--keep", "1G"],
        ] {
            let outcome = try machine.run(["cache"] + arguments)
            #expect(outcome.status == 64)
            #expect(outcome.output.isEmpty)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: whole).count == 2)
    }
}
