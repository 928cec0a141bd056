import Errors
import Testing

@Suite("Remedy")
struct RemedyTests {
    @Test("Interpolated values become text")
    func interpolatesValues() {
        let remedy: Remedy = "set maxLayers to \(3) or \("more")"
        #expect(remedy.description == "set maxLayers to 3 or more")
        #expect(remedy == "set maxLayers to 3 or more")
    }

    @Test("Interpolated settings are named when the text is made")
    func interpolatesSettings() {
        let remedy: Remedy = "set \(.os) or \(.architecture)"
        #expect(remedy.text(naming: { "<\($0)>" }) == "set <os> or <architecture>")
        #expect(remedy.description == "set os or architecture")
    }

    @Test("An interpolated remedy keeps its settings")
    func interpolatesRemedies() {
        let inner: Remedy = "set \(.output)"
        let remedy: Remedy = "first \(inner), then \(.format)"
        #expect(remedy.text(naming: { $0.rawValue.uppercased() }) == "first set OUTPUT, then FORMAT")
    }

    @Test("A setting and a text with its name are different remedies")
    func distinguishesSettings() {
        let setting: Remedy = "set \(.output)"
        #expect(setting != "set output")
        #expect(setting == "set \(.output)")
        #expect(setting != "set \(.format)")
    }

    @Test("Joined remedies are equal to the same text in one piece")
    func joinsRemedies() {
        let joined = Remedy("free some ") + "space"
        #expect(joined == "free some space")
        let setting: Remedy = "set \(.host)"
        #expect((setting + " first").text(naming: { _ in "H" }) == "set H first")
    }
}
