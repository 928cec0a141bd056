import Errors
import Testing

@testable import JSON

@Suite struct JSONReadingTests {
    private func read(_ text: String) throws -> JSONValue {
        try JSONValue(parsing: Array(text.utf8), source: "the spec 'a.json'", limit: 1 << 20)
    }

    private func fault(_ text: String) -> String? {
        var parser = JSONParser(Array(text.utf8))
        do {
            _ = try parser.parse()
            return nil
        } catch {
            return "\(error.position.line):\(error.position.column) \(error.reason)"
        }
    }

    @Test func everyKindIsRead() throws {
        let value = try read(
            " {\"a\": [null, true, false, -12, 0, 1.5, 1e2, \"x\"], \"b\": {}, \"\": [], \"c\": 9223372036854775808} ")
        #expect(value["a"] == [nil, true, false, -12, 0, .double(1.5), .double(100), "x"])
        #expect(value["b"] == [:])
        #expect(value[""] == [])
        #expect(value["c"] == .double(9_223_372_036_854_775_808))
    }

    @Test func stringsKeepTheirCharacters() throws {
        #expect(try read(#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000é😀""#) == "\"\\/\u{8}\u{C}\n\r\té😀\u{0}é😀")
    }

    @Test func byteOrderMarkIsSkipped() throws {
        #expect(try read("\u{FEFF}{}") == [:])
    }

    @Test(arguments: [
        ("", "1:1 expected a value, found the end of the text"),
        ("{\"a\": 1,\n \"é\": }", "2:7 expected a value, found '}'"),
        ("{\"a\":1,}", "1:8 expected a name in quotes, found '}'"),
        ("[1,]", "1:4 expected a value, found ']'"),
        ("[1 2]", "1:4 expected ',' or ']', found '2'"),
        ("{\"a\" 1}", "1:6 expected ':', found '1'"),
        ("{\"a\":1,\n\"a\":2}", "2:1 the name \"a\" stands twice in one object"),
        ("{} {}", "1:4 nothing more may follow the value, found '{'"),
        ("{'a':1}", "1:2 expected a name in quotes, found '''"),
        ("01", "1:3 a number may not begin with 0"),
        ("-", "1:2 expected a digit, found the end of the text"),
        ("1.", "1:3 expected a digit, found the end of the text"),
        ("1e999", "1:1 the number is too large"),
        ("NaN", "1:1 expected a value, found 'N'"),
        ("\"a\nb\"", "1:3 a control character must be written as an escape"),
        ("\"abc", "1:5 the text ends inside a string"),
        ("\"\\x\"", "1:3 expected an escape such as \\n or \\u00e9, found 'x'"),
        ("\"\\ud800\"", "1:8 half a surrogate pair"),
        ("\"\\udc00\"", "1:8 half a surrogate pair"),
        ("\"\\u12g4\"", "1:6 expected a hexadecimal digit, found 'g'"),
        ("é", "1:1 expected a value, found a character beyond ASCII"),
    ])
    func whatIsNoJSONIsRefusedWithItsPlace(text: String, expected: String) {
        #expect(fault(text) == expected)
    }

    @Test func bytesThatAreNoUTF8AreRefused() {
        let bytes: [UInt8] = [0x22, 0xFF, 0x22]
        #expect(
            throws: JSONParser.Fault(
                position: TextPosition(of: 3, in: bytes), reason: "the string that ends here is not UTF-8")
        ) {
            var parser = JSONParser(bytes)
            return try parser.parse()
        }
    }

    @Test func depthIsLimited() {
        #expect(fault(String(repeating: "[", count: 256) + String(repeating: "]", count: 256)) == nil)
        #expect(
            fault(String(repeating: "[", count: 1 << 20)) == "1:257 lists and objects nest deeper than 256 levels")
    }

    @Test func failureNamesSourceLineAndColumn() {
        #expect(
            throws: ToolError(
                .data, "cannot read the spec 'a.json'",
                cause: "it is not valid JSON: line 1, column 2: expected a name in quotes, found the end of the text",
                remedy: "correct the file; `python3 -m json.tool` shows where a JSON text is invalid")
        ) { try read("{") }
    }

    @Test func lengthIsLimited() {
        #expect(
            throws: ToolError(
                .data, "cannot read x", cause: "it has 3 bytes, more than the limit of 2",
                remedy: "check that this is the file you meant")
        ) { try JSONValue(parsing: Array("123".utf8), source: "x", limit: 2) }
    }

    @Test func canonicalTextIsReadBackAsItself() throws {
        let value: JSONValue = ["b": [1, .double(1.5), "\u{1}é\"\\\n"], "a": nil, "c": ["d": true]]
        #expect(try read(value.canonical) == value)
        #expect(try read(value.pretty) == value)
    }
}
