import Errors
import Layering
import Store
import TestSupport
import Testing

@Suite struct PopularityTests {
    /// The names in the order of their ranks, with their scores.
    private func ranking(_ closure: Closure) throws -> [String] {
        let plan = try Popularity().plan(closure, available: closure.nodes.count)
        return plan.layers.joined().map { "\($0.name) \(score(of: $0, in: plan))" }
    }

    private func score(of path: StorePath, in plan: LayerPlan) -> String {
        guard case .popularity(_, let score) = plan.reasons[path] else { return "none" }
        return "\(score)"
    }

    @Test func scoresOfTheSmallGraph() throws {
        let closure = try SampleClosure.of("foo>bar foo>baz bar>baz baz>tux")
        #expect(try ranking(closure) == ["tux 6", "baz 4", "bar 2", "foo 1"])
    }

    @Test func orderOfTheGraphWithThreeRoots() throws {
        let closure = try SampleClosure.of("R1>A A>B A>D D>E B>D B>F R2>B R3>C X")
        let plan = try Popularity().plan(closure, available: 10)
        #expect(plan.names == [["E"], ["D"], ["F"], ["B"], ["A"], ["C"], ["R1"], ["R2"], ["R3"], ["X"]])
    }

    @Test func tiesGoByNameThenStoreAndHash() throws {
        let closure = try SampleClosure.of("foo-1.0 foo-1.0+git foo bar Zed")
        #expect(try ranking(closure) == ["Zed 1", "bar 1", "foo 1", "foo-1.0+git 1", "foo-1.0 1"])
    }

    @Test func equalNamesGoByHash() throws {
        let paths = try ["z", "a", "0"].map { digit in
            try #require(StorePath(baseName: String(repeating: digit, count: 32) + "-x", storeDir: "/nix/store"))
        }
        let closure = try Closure(paths.map { Closure.Node(path: $0) }, source: "the sample")
        #expect(try Popularity().plan(closure, available: 3).layers == [[paths[2]], [paths[1]], [paths[0]]])
    }

    @Test(arguments: [
        (1, [["tux", "baz", "bar", "foo"]]),
        (2, [["tux"], ["baz", "bar", "foo"]]),
        (3, [["tux"], ["baz"], ["bar", "foo"]]),
        (4, [["tux"], ["baz"], ["bar"], ["foo"]]),
        (5, [["tux"], ["baz"], ["bar"], ["foo"]]),
        (99, [["tux"], ["baz"], ["bar"], ["foo"]]),
    ])
    func theLastLayerHoldsTheRest(available: Int, layers: [[String]]) throws {
        let closure = try SampleClosure.of("foo>bar foo>baz bar>baz baz>tux")
        #expect(try Popularity().plan(closure, available: available).names == layers)
    }

    @Test func noPathsNeedNoLayer() throws {
        #expect(try Popularity().plan(try SampleClosure.of(""), available: 0) == .empty)
    }

    @Test func pathsWithoutALayerAreRefused() throws {
        let failure = #expect(throws: ToolError.self) {
            try Popularity().plan(try SampleClosure.of("A"), available: 0)
        }
        #expect(failure?.code == .data)
        #expect(failure?.cause == "the store paths need at least 1 layer, and 0 are left")
    }

    @Test func aCycleIsOneUnit() throws {
        // A leads into the cycle of C, B and D, which leads to E: as A > unit > E.
        let closure = try SampleClosure.of("A>C C>B B>D D>C D>E B>E")
        let plan = try Popularity().plan(closure, available: 3)
        #expect(plan.names == [["E"], ["B", "C", "D"], ["A"]])
        #expect(plan.reasons[try SampleClosure.path("C")] == .popularity(rank: 2, score: 2))
        #expect(plan.reasons[try SampleClosure.path("D")] == .popularity(rank: 2, score: 2))
        #expect(plan.reasons[try SampleClosure.path("E")] == .popularity(rank: 1, score: 3))
        #expect(try Popularity().plan(closure, available: 2).names == [["E"], ["B", "C", "D", "A"]])
    }

    @Test func aCycleIsOrderedByItsSmallestMember() throws {
        let closure = try SampleClosure.of("M Z>B B>Z A")
        #expect(try Popularity().plan(closure, available: 3).names == [["A"], ["B", "Z"], ["M"]])
    }

    @Test func aLongChainTakesNoDeepStack() throws {
        let edges = (0..<20_000).map { "n\($0)>n\($0 + 1)" }.joined(separator: " ")
        let plan = try Popularity().plan(try SampleClosure.of(edges), available: 2)
        #expect(plan.names.first == ["n20000"])
        #expect(score(of: try SampleClosure.path("n20000"), in: plan) == "20001")
    }

    /// Each path refers to the next two: the ways to a path are the Fibonacci numbers, and their sum the one after
    /// the next less one.
    @Test func scoresOutgrowAnyMachineWord() throws {
        let edges = (0..<600).map { "n\($0)>n\($0 + 1) n\($0)>n\($0 + 2)" }.joined(separator: " ")
        let plan = try Popularity().plan(try SampleClosure.of(edges), available: 2)
        let score = score(of: try SampleClosure.path("n600"), in: plan)
        #expect(score.count == 126)
        #expect(score == Self.decimalFibonacci(603, less: 1))
    }

    /// 400 paths, each with references to the next four.
    @Test func fourHundredDeepPathsHaveAScoreOfMoreThanAHundredDigits() throws {
        let edges = (0..<400).flatMap { from in
            (1...4).filter { from + $0 < 400 }.map { "n\(from)>n\(from + $0)" }
        }
        let plan = try Popularity().plan(try SampleClosure.of(edges.joined(separator: " ")), available: 2)
        #expect(score(of: try SampleClosure.path("n399"), in: plan).count == 114)
    }

    @Test(arguments: 0..<40)
    func agreesWithCountingEveryWay(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let count = Int.random(in: 1...24, using: &generator)
        var users = [[Int]](repeating: [], count: count)
        var edges = (0..<count).map { "n\($0)" }.shuffled(using: &generator)
        for node in 0..<count {
            for user in 0..<node where Int.random(in: 0..<4, using: &generator) == 0 {
                users[node].append(user)
                edges.append("n\(user)>n\(node)")
            }
        }
        let plan = try Popularity().plan(try SampleClosure.of(edges.joined(separator: " ")), available: count)
        for node in 0..<count {
            let path = try SampleClosure.path("n\(node)")
            #expect(score(of: path, in: plan) == "\(Self.ways(to: node, users).values.reduce(0, +))")
        }
    }

    /// Numbers that are not needed anymore are dropped on the way, which must not change a score.
    @Test(arguments: 0..<4)
    func aLargeGraphHasTheScoresOfItsDefinition(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let count = 1500
        var users: [[Int]] = []
        for node in 0..<count {
            let isRoot = node == 0 || Int.random(in: 0..<200, using: &generator) == 0
            let number = isRoot ? 0 : Int.random(in: 0..<30, using: &generator) == 0 ? 2 : 1
            users.append(
                Array(Set((0..<number).map { _ in Int.random(in: max(0, node - 30)..<node, using: &generator) })))
        }
        var (above, ways): ([Set<Int>], [Int]) = ([], [])
        for node in 0..<count {
            above.append(users[node].reduce(into: [node]) { $0.formUnion(above[$1]) })
            ways.append(users[node].isEmpty ? 1 : users[node].reduce(0) { $0 + ways[$1] })
        }
        let edges = users.enumerated().flatMap { node, users in ["n\(node)"] + users.map { "n\($0)>n\(node)" } }
        let plan = try Popularity().plan(
            try SampleClosure.of(edges.shuffled(using: &generator).joined(separator: " ")), available: 2)
        for node in 0..<count {
            let expected = above[node].reduce(0) { $0 + ways[$1] }
            #expect(score(of: try SampleClosure.path("n\(node)"), in: plan) == "\(expected)")
        }
    }

    @Test func veryLargeScoresKeepTheirOrder() throws {
        // Each path refers to the next two: the last score has 1,391 bits.
        let edges = (0..<2000).map { "n\($0)>n\($0 + 1) n\($0)>n\($0 + 2)" }.joined(separator: " ") + " n2000>n2001"
        let plan = try Popularity().plan(try SampleClosure.of(edges), available: 3000)
        #expect(plan.layers.map { "\($0[0].name)" } == (0...2001).reversed().map { "n\($0)" })
        #expect(score(of: try SampleClosure.path("n2001"), in: plan) == "about 2^1390")
    }

    /// For `node` and each that leads to it, the number of ways from the roots: every way is walked, back from its end.
    private static func ways(to node: Int, _ users: [[Int]]) -> [Int: Int] {
        var ways: [Int: Int] = [:]
        func walk(_ end: Int, back node: Int) {
            if users[node].isEmpty { ways[end, default: 0] += 1 }
            for user in users[node] { walk(end, back: user) }
        }
        var above: Set<Int> = []
        func climb(_ node: Int) {
            guard above.insert(node).inserted else { return }
            users[node].forEach(climb)
        }
        climb(node)
        for end in above { walk(end, back: end) }
        return ways
    }

    /// The Fibonacci number F(index) less something small, added up digit by digit.
    private static func decimalFibonacci(_ index: Int, less: Int) -> String {
        var (last, this) = ([0], [1])
        for _ in 1..<index {
            var sum: [Int] = []
            var carry = 0
            for place in this.indices {
                carry += this[place] + (place < last.count ? last[place] : 0)
                sum.append(carry % 10)
                carry /= 10
            }
            if carry > 0 { sum.append(carry) }
            (last, this) = (this, sum)
        }
        this[0] -= less
        return this.reversed().map(String.init).joined()
    }
}
