import Errors
import Layering
import Testing

@Suite struct SizeLayeringTests {
    private static let edges = "A>B A>C D>B"
    private static let sizes: [String: UInt64] = ["A": 10, "D": 8, "B": 5, "C": 3]

    @Test(arguments: [
        (1, [["A", "B", "C", "D"]]),
        (2, [["D"], ["A", "B", "C"]]),
        (3, [["B"], ["D"], ["A", "C"]]),
        (4, [["C"], ["B"], ["D"], ["A"]]),
        (5, [["C"], ["B"], ["D"], ["A"]]),
    ])
    func vector(available: Int, layers: [[String]]) throws {
        let closure = try SampleClosure.of(Self.edges, sizes: Self.sizes)
        #expect(try SizeLayering().plan(closure, available: available).names == layers)
    }

    @Test func reasonsAreTheMarks() throws {
        let closure = try SampleClosure.of("A>B A>C D>B D>C", sizes: Self.sizes)
        let plan = try SizeLayering().plan(closure, available: 3)
        let path = SampleClosure.path
        #expect(plan.names == [["B", "C"], ["D"], ["A"]])
        #expect(plan.reasons[try path("A")] == .size(marks: [try path("A")]))
        #expect(plan.reasons[try path("B")] == .size(marks: [try path("A"), try path("D")]))
        #expect(plan.reasons[try path("B")]?.description == "needed by A, D")
        let unmarked = try SizeLayering().plan(try SampleClosure.of("A B", sizes: Self.sizes), available: 1)
        #expect(unmarked.reasons[try path("B")] == .size(marks: []))
        #expect(unmarked.reasons[try path("B")]?.description == "needed by no large path")
    }

    @Test func ofEqualSizesTheLaterInTheInputIsFirst() throws {
        // Two may be apart from the rest: the later, C, then the one before it.
        let closure = try SampleClosure.of("A B C", sizes: ["A": 1, "B": 1, "C": 1])
        let plan = try SizeLayering().plan(closure, available: 2)
        #expect(plan.names == [["C"], ["A", "B"]])
    }

    @Test func aMarkBelowAnotherMarkIsNotRepeated() throws {
        // A and then B, on the way from A to C, are marked: C belongs to B alone.
        let closure = try SampleClosure.of("A>B B>C A>C", sizes: ["A": 9, "B": 8, "C": 1])
        let plan = try SizeLayering().plan(closure, available: 2)
        #expect(plan.names == [["B", "C"], ["A"]])
        #expect(plan.reasons[try SampleClosure.path("C")] == .size(marks: [try SampleClosure.path("B")]))
    }

    @Test func layersOfEqualSizeGoByTheFirstPathsName() throws {
        let closure = try SampleClosure.of(
            "foo-1.0+git foo-1.0 foo", sizes: ["foo": 1, "foo-1.0": 1, "foo-1.0+git": 1])
        let plan = try SizeLayering().plan(closure, available: 3)
        #expect(plan.names == [["foo"], ["foo-1.0"], ["foo-1.0+git"]])
    }

    @Test func aCycleSharesALayerAndItsSizesAddUp() throws {
        let closure = try SampleClosure.of("A>B B>A C D", sizes: ["A": 3, "B": 3, "C": 5, "D": 1])
        #expect(try SizeLayering().plan(closure, available: 2).names == [["A", "B"], ["C", "D"]])
        #expect(try SizeLayering().plan(closure, available: 4).names == [["D"], ["C"], ["A", "B"]])
    }

    @Test func hugeSizesDoNotOverflow() throws {
        let closure = try SampleClosure.of("A>B A>C", sizes: ["A": .max, "B": .max, "C": .max])
        #expect(try SizeLayering().plan(closure, available: 3).names == [["B"], ["C"], ["A"]])
    }

    @Test func aMissingSizeIsNamed() throws {
        let failure = #expect(throws: ToolError.self) {
            try SizeLayering().plan(try SampleClosure.of("A>B", sizes: ["A": 1]), available: 3)
        }
        #expect(
            failure
                == ToolError(
                    .data, "cannot plan the layers by size",
                    cause: "the sample does not give the narSize of '\(try SampleClosure.path("B"))'",
                    remedy: "add narSize to the graph, or choose the layering 'popularity'"))
    }

    @Test func noPathsNeedNoLayer() throws {
        #expect(try SizeLayering().plan(try SampleClosure.of(""), available: 0) == .empty)
    }

    @Test func pathsWithoutALayerAreRefused() throws {
        let failure = #expect(throws: ToolError.self) {
            try SizeLayering().plan(try SampleClosure.of("A", sizes: ["A": 1]), available: -1)
        }
        #expect(failure?.cause == "the store paths need at least 1 layer, and -1 are left")
    }
}
