import Errors
import Layering
import Testing

@Suite struct LayerBudgetTests {
    @Test(arguments: [(2, 0, 1), (100, 0, 99), (4, 2, 1), (125, 3, 121)])
    func whatTheBaseAndTheCustomisationLeave(maxLayers: Int, base: Int, available: Int) throws {
        #expect(try LayerBudget(maxLayers: maxLayers, baseLayers: base).available(for: 7) == available)
    }

    @Test func oneTooFew() throws {
        let failure = #expect(throws: ToolError.self) {
            try LayerBudget(maxLayers: 3, baseLayers: 2).available(for: 7)
        }
        #expect(
            failure
                == ToolError(
                    .data, "maxLayers is 3, too small for this image",
                    cause: "the base image takes 2 layers and the customization layer 1, "
                        + "and the store paths need at least 1",
                    remedy: "set maxLayers to 4 or more"))
    }

    @Test func withoutStorePathsTheBaseMayTakeAllTheRest() throws {
        #expect(try LayerBudget(maxLayers: 3, baseLayers: 2).available(for: 0) == 0)
        let failure = #expect(throws: ToolError.self) {
            try LayerBudget(maxLayers: 2, baseLayers: 2).available(for: 0)
        }
        #expect(failure?.cause == "the base image takes 2 layers and the customization layer 1")
        #expect(failure?.remedy == "set maxLayers to 3 or more")
    }

    @Test(arguments: [(125, 0, 124), (125, 7, 123), (124, 7, 123), (130, 7, 123)])
    func baseWithTooManyLayers(base: Int, paths: Int, atMost: Int) {
        let failure = #expect(throws: ToolError.self) {
            try LayerBudget(maxLayers: 125, baseLayers: base).available(for: paths)
        }
        let needed = 125 - atMost
        #expect(failure?.code == .data)
        #expect(
            failure?.message == "the image would have \(base + needed) layers, more than the 125 that Docker loads")
        #expect(
            failure?.remedy
                == "use a base image with at most \(atMost) layers, or make one of a single layer: export the base "
                + "and run `docker import` on the result")
    }

    @Test func oneLayerOnABase() throws {
        try LayerBudget.checkSingleLayer(onBaseLayers: 124)
        #expect(throws: ToolError.self) { try LayerBudget.checkSingleLayer(onBaseLayers: 125) }
    }
}
