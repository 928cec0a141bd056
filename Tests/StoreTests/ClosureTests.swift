import Errors
import OCI
import Store
import Testing

@Suite("A closure")
struct ClosureTests {
    private let a: StorePath
    private let b: StorePath
    private let c: StorePath

    init() throws {
        a = try Sample.path("a", "a")
        b = try Sample.path("b", "b")
        c = try Sample.path("c", "c")
    }

    @Test("drops self-references and duplicates")
    func selfReferencesAndRepeatsAreDropped() throws {
        #expect(Sample.node(a, [b, a, c, b]).references == [b, c])
    }

    @Test("unites the nodes of a path that is listed twice")
    func aPathListedTwiceIsOneNodeWithTheReferencesOfBoth() throws {
        let closure = try Closure(
            [Sample.node(a, [b]), Sample.node(b), Sample.node(a, [c, b], narSize: 7), Sample.node(c)],
            source: "the graph")
        #expect(closure.nodes == [Sample.node(a, [b, c], narSize: 7), Sample.node(b), Sample.node(c)])
        #expect(closure.references == [[1, 2], [], []])
    }

    @Test("drops the hash of a path that is listed with two")
    func twoHashes() throws {
        let (one, two) = (try SHA256.digest(of: [1]), try SHA256.digest(of: [2]))
        let listed = [Sample.node(a, narHash: one), Sample.node(a), Sample.node(b, narHash: one)]
        #expect(try Closure(listed, source: "the graph").nodes.map(\.narHash) == [one, one])
        let again = listed + [Sample.node(b, narHash: two)]
        let closure = try Closure(again, source: "the graph")
        #expect(closure.nodes.map(\.narHash) == [one, nil])
        #expect(try closure.reachable(from: [a]).nodes.map(\.narHash) == [one])
        #expect(closure.node(of: a)?.narHash == one && closure.node(of: c) == nil)
    }

    @Test("must list every referenced path")
    func aReferenceToAPathThatIsNotListedIsRefused() throws {
        let failure = #expect(throws: ToolError.self) { try Closure([Sample.node(a, [b])], source: "the graph") }
        #expect(
            failure
                == ToolError(
                    .data, "cannot use the graph", cause: "'\(a)' refers to '\(b)', which is not listed",
                    remedy: "make the graph of the complete closure: nix path-info --json --recursive"))
    }

    @Test("of some roots keeps the order and may have cycles")
    func reachableKeepsTheOrderAndAcceptsCycles() throws {
        let closure = try Closure(
            [Sample.node(c, [a]), Sample.node(b), Sample.node(a, [c])], source: "the graph")
        #expect(try closure.reachable(from: [a, a]).nodes == [Sample.node(c, [a]), Sample.node(a, [c])])
        #expect(try closure.reachable(from: [b]).nodes == [Sample.node(b)])
        #expect(try closure.reachable(from: []).nodes.isEmpty)
        #expect(try closure.reachable(from: [b, c]) == closure)
    }

    @Test("does not have a root that is not listed")
    func aRootThatIsNotListedIsNamed() throws {
        let closure = try Closure([Sample.node(a)], source: "the graph")
        let failure = #expect(throws: ToolError.self) { try closure.reachable(from: [a, b]) }
        #expect(failure?.code == .data)
        #expect(failure?.message == "store path '\(b)' is not in the closure graph")
        #expect(failure?.cause == "the graph lists 1 store paths, and this path is not one of them")
    }

    @Test("has a limited number of paths")
    func tooManyPathsAreRefused() throws {
        let nodes = try (0...Closure.maximumCount).map { Sample.node(try Sample.path("a", "n\($0)")) }
        #expect(try Closure(nodes.dropLast(), source: "the graph").nodes.count == 65_536)
        let failure = #expect(throws: ToolError.self) { try Closure(nodes, source: "the graph") }
        #expect(failure?.cause == "it lists 65537 store paths, more than the limit of 65536")
    }
}
