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
}
