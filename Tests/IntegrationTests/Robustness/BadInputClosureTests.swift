import TestSupport
import Testing

@Suite("Bad input: store paths and graphs")
struct BadInputClosureTests {
    private static let one = TestMachine.storePath("a", "one")
    private static let two = TestMachine.storePath("b", "two")
    private static let gone = TestMachine.storePath("c", "gone")

    /// A machine with two store paths, and a spec whose contents are the first.
    private func machine(graph: String?, _ members: [String: Any] = [:]) throws -> TestMachine {
        let machine = try TestMachine()
        try machine.store("a", "one")
        try machine.store("b", "two")
        if let graph { try machine.write(graph, to: "graph.json") }
        try machine.spec(["contents": [Self.one], "closure": "graph.json"].merging(members) { $1 })
        return machine
    }

    private static func node(_ path: String, _ references: String...) -> String {
        #"{"path": "\#(path)", "references": [\#(references.map { "\"\($0)\"" }.joined(separator: ", "))]}"#
    }

    @Test(
        "Missing contents are named, with the spec", arguments: ["nothing", "spec.json/below", "dangling"])
    func missingContents(_ path: String) throws {
        let machine = try machine(graph: nil, ["contents": [path], "closure": ""])
        try machine.spec(["contents": [path]])
        _ = try machine.shell("ln -s nowhere dangling; ln -s loop loop")
        let outcome = try machine.layered()
        #expect(outcome.status == 65)
        #expect(outcome.failure?.what.hasPrefix("cannot read '\(path)', which contents names") == true)
        #expect(try machine.leftovers == [])
    }

    @Test("A missing store path of contents is named")
    func missingStorePath() throws {
        let machine = try machine(graph: "[]", ["contents": [Self.gone]])
        let outcome = try machine.layered()
        #expect(outcome.status == 65)
        #expect(outcome.failure?.what == "cannot read '\(Self.gone)', which contents names in the spec 'spec.json'")
        #expect(outcome.failure?.cause == "\(machine.path("root"))\(Self.gone) does not exist")
    }

    @Test("A store path of contents that the graph does not list is named, with the graph")
    func contentsOutsideGraph() throws {
        let machine = try machine(graph: "[\(Self.node(Self.two))]")
        let outcome = try machine.layered()
        #expect(outcome.status == 65)
        #expect(outcome.failure?.what == "store path '\(Self.one)' is not in the closure graph")
        #expect(
            outcome.failure?.cause.contains("the graph file '\(machine.path("graph.json"))' lists 1 store paths")
                == true)
        #expect(try machine.leftovers == [])
    }

    @Test("A store path of config that the graph does not list is named")
    func namesOutsideGraph() throws {
        let machine = try machine(
            graph: "[\(Self.node(Self.one))]", ["config": ["Cmd": ["\(Self.two)/bin/x"]]])
        let outcome = try machine.layered()
        #expect(outcome.status == 65)
        #expect(outcome.failure?.what == "cannot find the store path \(Self.two), which config names")
        #expect(outcome.failure?.cause == "the graph file '\(machine.path("graph.json"))' does not list it")
        #expect(try machine.leftovers == [])
    }

    @Test("A graph that refers to an unlisted path is refused with both paths")
    func openGraph() throws {
        let machine = try machine(graph: "[\(Self.node(Self.one, Self.gone))]")
        let outcome = try machine.layered()
        #expect(outcome.status == 65)
        #expect(outcome.failure?.what == "cannot use the graph file '\(machine.path("graph.json"))'")
        #expect(outcome.failure?.cause == "'\(Self.one)' refers to '\(Self.gone)', which is not listed")
    }

    @Test("A graph that is missing, a directory or malformed is refused")
    func brokenGraphs() throws {
        let machine = try machine(graph: nil)
        let missing = try machine.layered()
        #expect(missing.status == 65)
        #expect(missing.failure?.what == "cannot read the graph file '\(machine.path("graph.json"))'")
        #expect(missing.failure?.cause == "there is no such file")
        for (text, message) in [
            ("[{\"path\"", "line"), ("[1]", "[0]: found"), ("{}", "expected a list of {path, references}"),
            (#"[{"path": "\#(Self.one)"}]"#, "[0].references: found nothing"),
            (#"[{"path": "/etc/passwd", "references": []}]"#, "[0].path: found '/etc/passwd', expected a store path"),
            (#"[{"path": "\#(Self.one)", "references": [], "narSize": -1}]"#, "[0].narSize: found -1"),
            ("\(Self.one)\nsha256:0\nmany\n\n0\n", "line 3: found 'many', expected the size of the NAR"),
            ("\(Self.one)\nsha256:0\n1\n\n2\n\(Self.two)\n", "line 7: found the end of the text, expected reference 2"),
            ("not a graph\n", "line 1: found 'not a graph', expected a store path"),
        ] {
            try machine.write(text, to: "graph.json")
            let outcome = try machine.layered()
            #expect(outcome.status == 65)
            let failure = try #require(outcome.failure)
            #expect((failure.what + failure.cause).contains("the graph file '\(machine.path("graph.json"))'"))
            #expect((failure.what + failure.cause).contains(message), "\(failure)")
        }
        #expect(try machine.leftovers == [])
    }

    @Test("A graph may have a cycle, which is one unit")
    func cycle() throws {
        let three = TestMachine.storePath("d", "three")
        let machine = try machine(
            graph: "[\(Self.node(Self.one, Self.two)), \(Self.node(Self.two, Self.one, three)), \(Self.node(three))]")
        try machine.store("d", "three")
        let plan = try machine.run(["plan", "spec.json", "--quiet"])
        #expect(plan.status == 0)
        #expect(plan.text.contains(Self.one) && plan.text.contains(Self.two) && plan.text.contains(three))
        #expect(try machine.layered().status == 0)
        let json = try machine.layered(["--json"])
        let digests = json.text.matches(of: /"diffID"/).count
        #expect(digests == 3)
    }

    @Test("A path that contents and the graph list twice counts once")
    func twice() throws {
        let machine = try machine(graph: "[\(Self.node(Self.one))]")
        let once = try machine.layered(["--json"])
        try machine.write("[\(Self.node(Self.one)), \(Self.node(Self.one, Self.one))]", to: "graph.json")
        try machine.spec(["contents": [Self.one, Self.one, "root\(Self.one)"], "closure": "graph.json"])
        let twice = try machine.layered(["--json"])
        #expect(once.status == 0)
        #expect(twice.output == once.output)
        #expect(twice.errors == "")
    }

    @Test("More store paths than layers share the last one; maxLayers 2 is enough for all")
    func fewLayers() throws {
        let machine = try machine(graph: "[\(Self.node(Self.one, Self.two)), \(Self.node(Self.two))]")
        let outcome = try machine.layered(["--json", "--set", "maxLayers=2"])
        #expect(outcome.status == 0)
        #expect(outcome.text.matches(of: /"diffID"/).count == 2)
        #expect(outcome.text.contains(#""storePaths":["\#(Self.two)","\#(Self.one)"]"#))
    }
}
