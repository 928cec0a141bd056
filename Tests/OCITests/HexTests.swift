import OCI
import Testing

struct HexTests {
    @Test func writesLowerCase() {
        #expect(Hex.encode([0x00, 0x0F, 0xA5, 0xFF]) == "000fa5ff")
        #expect(Hex.encode([]).isEmpty)
    }

    @Test func readsEveryByte() {
        let all = (UInt8.min...UInt8.max).map { $0 }
        #expect(Hex.decode(Hex.encode(all)) == all)
        #expect(Hex.decode("") == [])
    }

    @Test(arguments: ["0", "0F", "0g", "/0", ":0", "`0", " 0", "0x00", "é"])
    func refuses(_ text: String) {
        #expect(Hex.decode(text) == nil)
    }
}
