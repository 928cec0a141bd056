import Errors
import JSON
import Testing

@Suite("JSON as Go writes what it was given")
struct JSONTextTests {
    private func members(_ text: String) throws -> [String: JSONText] {
        try JSONText.members(of: Array(text.utf8), source: "the config", limit: 1 << 20)
    }

    private func text(_ text: JSONText?) -> String? { text.map { String(decoding: $0.bytes, as: UTF8.self) } }

    @Test("keeps the order and the spelling of what is in its members")
    func keeps() throws {
        let members = try members(#" { "b" : {"z":1.50e3,"a": [ 1 , -0, "x" ] } ,"a":null, "\u0063": " , \u0041\/ "}"#)
        #expect(members.keys.sorted() == ["a", "b", "c"])
        #expect(text(members["b"]) == #"{"z":1.50e3,"a":[1,-0,"x"]}"#)
        #expect(text(members["a"]) == "null")
        #expect(text(members["c"]) == #"" , \u0041\/ ""#)
    }

    @Test(
        "leaves out blanks and escapes what Go does, in strings alone",
        arguments: [
            (#""<a> & b""#, #""\u003ca\u003e \u0026 b""#),
            ("\"\u{2027}\u{2028}\u{2029}\u{202A}\"", "\"\u{2027}\\u2028\\u2029\u{202A}\""),
            ("\"\u{A8}\u{A9}ü😀\u{7F}\"", "\"\u{A8}\u{A9}ü😀\u{7F}\""),
            (#"[ "\\" , "\" ", "\\\"< " ]"#, #"["\\","\" ","\\\"\u003c "]"#),
            ("{\r\n\t\"a\" :\n[ ] }", #"{"a":[]}"#),
        ])
    func escapes(written: String, expected: String) throws {
        #expect(text(try members(#"{"a":\#(written)}"#)["a"]) == expected)
    }

    @Test("sorts the members that it is put together from")
    func sorts() throws {
        let inner = try members(#"{"x": {"b": "<", "a": 1}}"#)
        let object = JSONText(["b": JSONText(.string("t")), "ab": JSONText(.null), "a": inner["x"] ?? JSONText(.null)])
        #expect(text(object) == #"{"a":{"b":"\u003c","a":1},"ab":null,"b":"t"}"#)
        #expect(text(JSONText([:])) == "{}")
    }

    @Test(
        "is refused where it is no object",
        arguments: [
            ("[]", "expected an object, found '['"), ("", "expected an object, found the end of the text"),
            ("{} x", "nothing more may follow the value, found 'x'"),
            (#"{"a":1,"a":2}"#, #"the name "a" stands twice in one object"#),
            (#"{"a":}"#, "expected a value, found '}'"),
        ])
    func refused(written: String, cause: String) throws {
        let failure = #expect(throws: ToolError.self) { try members(written) }
        #expect(failure?.code == .data)
        #expect(failure?.message == "cannot read the config")
        #expect(failure?.cause.hasSuffix(cause) == true)
    }
}
