import Errors
import JSON
import TestSupport
import Testing

@Suite("JSON value")
struct JSONValueTests {
    static func parse(_ text: String, limit: Int = 1 << 22) throws -> JSONValue {
        try JSONValue(parsing: Array(text.utf8), source: "the test", limit: limit)
    }

    @Test("Every kind of value has its accessor")
    func readsEveryKind() throws {
        let value = try Self.parse(
            #"{"n":null,"b":[true,false],"i":[-1,9223372036854775807],"d":1.5,"s":"\u00fc\n","o":{}}"#)
        #expect(
            value == [
                "n": nil, "b": [true, false], "i": [-1, 9_223_372_036_854_775_807], "d": .double(1.5), "s": "ü\n",
                "o": [:],
            ])
        #expect(value["b"]?.array?.first?.bool == true)
        #expect(value["i"]?.array?.last?.int == .max)
        #expect(value["s"]?.string == "ü\n")
        #expect(value["o"]?.object?.isEmpty == true)
        #expect(value["x"] == nil)
        #expect(value["i"]?.strings == nil)
    }

    @Test("Canonical text has sorted members and no whitespace")
    func writesCanonicalText() throws {
        let value: JSONValue = [
            "b": [1, .double(2), .double(0.5), -3], "a": nil, "ü": "/ü\u{1F600}", "Z": ["x": true, "w": [], "v": [:]],
            "": "\"\\\n\r\t\u{1}\u{7F}\u{1F}",
        ]
        #expect(
            value.canonical
                == #"{"":"\"\\\n\r\t\u0001\u007f\u001f","Z":{"v":{},"w":[],"x":true},"a":null,"b":[1,2,0.5,-3],"ü":"/ü😀"}"#
        )
        #expect(try Self.parse(value.canonical).canonical == value.canonical)
    }

    /// Keys in the order of their bytes, whatever a language's collation says; Python sorts code points, which is the
    /// same.
    @Test("Canonical text is the same as Python writes")
    func agreesWithPython() throws {
        let text = #"{"é":1,"e":{"z":[1.25,"\ud83d\ude00"],"Z":"a\/b"},"\uffff":2,"\ud83d\ude00":3,"E":[[],{}]}"#
        let script = """
            import json, sys
            value = json.load(sys.stdin)
            sys.stdout.write(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
            """
        let theirs = try Program.output(["python3", "-X", "utf8", "-c", script], input: Array(text.utf8))
        #expect(try Self.parse(text).canonical == String(decoding: theirs, as: UTF8.self))
    }

    @Test("Pretty text is indented by two spaces")
    func writesForPeople() {
        let value: JSONValue = ["b": [1, "x"], "a": [:], "c": []]
        #expect(
            value.pretty == """
                {
                  "a": {},
                  "b": [
                    1,
                    "x"
                  ],
                  "c": []
                }
                """)
    }

    @Test(arguments: ["", "{", "[1,]", "{\"a\":}", "nul", "\"", "[1] 2", "{'a':1}", "\u{0}"])
    func refuses(_ text: String) {
        let failure = #expect(throws: ToolError.self) { try Self.parse(text) }
        #expect(failure?.code == .data)
        #expect(failure?.message == "cannot read the test")
        #expect(failure?.cause.hasPrefix("it is not valid JSON: ") == true)
    }

    @Test("A text longer than the limit is an error")
    func holdsTextsToTheLimit() throws {
        #expect(try Self.parse("[1]", limit: 3) == [1])
        let failure = #expect(throws: ToolError.self) { try Self.parse("[1 ]", limit: 3) }
        #expect(failure?.cause == "it has 4 bytes, more than the limit of 3")
    }

    @Test("Extremely deep nesting is an error", arguments: ["[", "{\"a\":"])
    func refusesDepthBombs(_ open: String) {
        for depth in [600, 100_000] {
            let close = open == "[" ? "]" : "}"
            let text = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
            let failure = #expect(throws: ToolError.self) { try Self.parse(text) }
            #expect(failure?.code == .data)
        }
    }

    @Test("Usual nesting is parsed")
    func readsDepthsThatPeopleUse() throws {
        let text = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
        #expect(try Self.parse(text).canonical == text)
    }
}
