import Testing

@testable import Store

@Suite("The reference scanner")
struct ReferenceScannerTests {
    private static let one = "0123456789abcdfghijklmnpqrsvwxyz"
    private static let two = "zyxwvsrqpnmlkjihgfdcba9876543210"
    private static let all = ReferenceScanner([one, two, String(repeating: "0", count: 32)])

    private func find(_ text: String, with search: ReferenceScanner = all) -> Set<Int> {
        var found: Set<Int> = []
        Array(text.utf8).withUnsafeBytes { search.search($0, found: &found) }
        return found
    }

    @Test("finds hash parts alone and among other bytes")
    func wholeAndAmongOtherBytes() {
        #expect(find(Self.one) == [0])
        #expect(find("xx/\(Self.two)-name \(Self.one)") == [0, 1])
        // Among other digits and overlapping: every window counts.
        #expect(find("abc\(Self.one)\(Self.two)xyz") == [0, 1])
        #expect(find(String(repeating: "0", count: 40)) == [2])
    }

    @Test("finds nothing else")
    func nothingElse() {
        #expect(find("") == [])
        #expect(find(String(Self.one.dropLast())) == [])
        #expect(find(Self.one.dropLast() + "e") == [])
        #expect(find(Self.one.prefix(16) + "-" + Self.one.suffix(16)) == [])
        #expect(find(Self.one.uppercased()) == [])
        #expect(find(Self.one, with: ReferenceScanner([String]())) == [])
    }

    @Test("finds a hash part at every distance from a byte that is not a digit", arguments: 0..<70)
    func atEveryDistanceFromAByteThatIsNoDigit(distance: Int) {
        let text = String(repeating: "a", count: distance) + "/" + Self.one + String(repeating: "b", count: distance)
        #expect(find(text) == [0])
        #expect(find(String(repeating: "/", count: distance) + Self.one) == [0])
    }

    @Test("agrees with a search of every window")
    func agreesWithLookingAtEveryWindow() {
        var state: UInt64 = 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        // Few different bytes, so that windows of 32 digits are common.
        let letters = Array("01a/")
        let hashes = (0..<200).map { _ in String((0..<32).map { _ in letters[random(3)] }) }
        let search = ReferenceScanner(hashes)
        var text = ""
        for hash in hashes.prefix(100) {
            text += String((0..<random(50)).map { _ in letters[random(letters.count)] }) + hash
        }
        let bytes = Array(text.utf8)
        let positions = Dictionary(uniqueKeysWithValues: hashes.enumerated().map { (Array($1.utf8), $0) })
        let expected = Set((0...(bytes.count - 32)).compactMap { positions[Array(bytes[$0..<($0 + 32)])] })
        #expect(find(text, with: search) == expected)
        #expect(expected.count >= 100)
    }
}
