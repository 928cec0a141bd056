import JSON
import Testing

@testable import DockerTools

@Suite struct TOMLParserTests {
    private func read(_ toml: String) throws -> JSONValue {
        var parser = TOMLParser(Array(toml.utf8))
        return try parser.parse()
    }

    private func issue(_ toml: String) -> String? {
        do {
            _ = try read(toml)
            return nil
        } catch {
            guard let error = error as? SyntaxError else { return "\(error)" }
            return "\(error.position.line):\(error.position.column) \(error.reason)"
        }
    }

    @Test func everyKindIsRead() throws {
        let value = try read(
            #"""
            # a comment
            text = "a\u0000b\t\"é\U0001F600" # another
            literal = 'a\b "'
            whole = [0, +0, -0, 1_000, -17, 0xdead_BEEF, 0o755, 0b1010, 9223372036854775807]
            part = [1.5, -0.5, 1e3, 6.25e-1, 1_0.2_5]
            flags = [true, false]
            list = [ # comment
              1, "a",

              [2], {}, # ]
            ]
            time = 2024-02-29T12:00:00.5+01:00
            utc = 2024-02-29 12:00:00z
            local = 2024-02-29T12:00:00
            day = 2024-02-29
            clock = 12:00:00.25
            dotted . "quoted.key" .'x' = {a = 1, b.c = "d"}
            "" = 1
            1 = 2
            """#)
        #expect(
            value == [
                "text": "a\u{0}b\t\"é😀", "literal": "a\\b \"",
                "whole": [0, 0, 0, 1000, -17, 3_735_928_559, 493, 10, .int(.max)],
                "part": [.double(1.5), .double(-0.5), .double(1000), .double(0.625), .double(10.25)],
                "flags": [true, false], "list": [1, "a", [2], [:]], "time": "2024-02-29T12:00:00.5+01:00",
                "utc": "2024-02-29T12:00:00Z", "local": "2024-02-29T12:00:00", "day": "2024-02-29",
                "clock": "12:00:00.25", "dotted": ["quoted.key": ["x": ["a": 1, "b": ["c": "d"]]]], "": 1, "1": 2,
            ])
    }

    @Test func tablesAreRead() throws {
        let value = try read(
            """
            top = 1
            [a.b.c]
            x = 1
            [a]
            y.z = 2
            y.w = 3
            [a.y.v]
            u = 4
            [[list]]
            n = 1
            [list.sub]
            m = 1
            [[list]]
            n = 2
            [[list.inner]]
            [ "q.r" . s ] # comment
            """)
        #expect(
            value == [
                "top": 1, "a": ["b": ["c": ["x": 1]], "y": ["z": 2, "w": 3, "v": ["u": 4]]],
                "list": [["n": 1, "sub": ["m": 1]], ["n": 2, "inner": [[:]]]], "q.r": ["s": [:]],
            ])
    }

    @Test func stringsOfManyLinesAreRead() throws {
        #expect(try read("x = \"\"\"\na\r\nb\\\n   \r\n  c \\t\"\"d\"\"\"\"\"") == ["x": "a\nbc \t\"\"d\"\""])
        #expect(try read("x = '''\r\na\\\n''b'''''\n") == ["x": "a\\\n''b''"])
        #expect(try read("x = \"\"\"\"\"\"\ny = ''''''") == ["x": "", "y": ""])
        let script = "[ ! -f x ] && a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r\n[[ $x ]] # it's \"\"\n"
        #expect(
            try read("x = '''\n\(script.replacing("'", with: "‘"))'''") == [
                "x": .string(script.replacing("'", with: "‘"))
            ])
    }

    @Test func emptyTextAndByteOrderMarkAreRead() throws {
        #expect(try read("") == [:])
        #expect(try read("\u{FEFF}x = 1\r\n\r\n") == ["x": 1])
    }

    @Test(arguments: [
        ("[=]", "1:2 expected a key, found '='"),
        ("\n[ {\"name\": 1} ]", "2:3 expected a key, found '{'"),
        ("[[a]", "1:4 expected ']]', found ']'"),
        ("[a", "1:3 expected ']', found the end of the text"),
        ("[]", "1:2 expected a key, found ']'"),
        ("x", "1:2 expected '=', found the end of the text"),
        ("x =\ny = 1", "1:4 expected a value, found the end of the line"),
        ("x = = 1", "1:5 expected a value, found '='"),
        ("x = é", "1:5 expected a value, found a character beyond ASCII"),
        ("x = 1 y = 2", "1:7 expected the line's end, found 'y'"),
        ("é = 1", "1:1 expected a key, found a character beyond ASCII"),
        ("a..b = 1", "1:3 expected a key, found '.'"),
        ("x = 1\n y = 1\nx = 2", "3:1 the key x is already defined"),
        ("x = {a = 1, a = 2}", "1:13 the key a is already defined"),
        ("x = 1\nx.y = 2", "2:1 the key x.y is already defined"),
        ("x = {}\nx.y = 2", "2:1 the key x.y is already defined"),
        ("[a]\n[a]", "2:1 the table a is already defined"),
        ("a.b = 1\n[a]", "2:1 the table a is already defined"),
        ("a = {}\n[a.b]", "2:1 the table a.b is already defined"),
        ("a = []\n[[a]]", "2:1 the table a is already defined"),
        ("[[a]]\n[a]", "2:1 the table a is already defined"),
        ("[a]\n[[a]]", "2:1 the table a is already defined"),
        ("[a.b.c]\nz = 9\n[a]\nb.c.t = 1", "4:1 the key b.c.t is already defined"),
        ("x = [1 2]", "1:8 expected ',' or ']', found '2'"),
        ("x = [", "1:6 expected a value, found the end of the text"),
        ("x = {a = 1,}", "1:12 expected a key, found '}'"),
        ("x = {a = 1\n}", "1:11 expected ',' or '}', found the end of the line"),
        ("x = \"a\nb\"", "1:7 a string of one line may hold neither line breaks nor control characters"),
        ("x = 'a", "1:7 the text ends inside a string"),
        ("x = \"\"\"a", "1:9 the text ends inside a string"),
        ("x = \"\"\"\u{1}\"\"\"", "1:8 a control character must be written as an escape"),
        ("x = \"\\q\"", "1:7 expected an escape such as \\n or \\u00e9, found 'q'"),
        ("x = \"\\ud800\"", "1:12 the escape is not a Unicode character"),
        ("x = \"\\u12\"", "1:10 expected a hexadecimal digit, found '\"'"),
        ("# \u{1}", "1:3 a comment may hold no control character"),
        ("x = 1 # \u{0}", "1:9 a comment may hold no control character"),
        ("x = inf", "1:5 a spec cannot have infinities or NaN"),
        ("x = [-inf]", "1:6 a spec cannot have infinities or NaN"),
        ("x = {y = +nan}", "1:10 a spec cannot have infinities or NaN"),
        ("x = 2023-02-29", "1:5 expected a value, found \"2023-02-29\""),
        ("x = 2024-02-29Tt12:00:00", "1:5 expected a value, found \"2024-02-29Tt12:00:00\""),
        ("x = 25:00:00", "1:5 expected a value, found \"25:00:00\""),
        ("x = True", "1:5 expected a value, found \"True\""),
        ("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = 1", "1:33 a key has more than 16 parts"),
    ])
    func malformedTextIsRefusedWithItsPlace(toml: String, expected: String) {
        #expect(issue(toml) == expected)
    }

    @Test(arguments: [
        "01", "+01", "1_", "_1", "1__0", "1.", ".5", "1.e5", "1e", "1e_5", "1._5", "0x", "0x_1", "0xg", "+0x1", "0o8",
        "0b2", "0X1", "9223372036854775808", "1e999", "1-2", "--1", "1_000.5_",
    ])
    func malformedNumbersAreRefused(number: String) {
        #expect(issue("x = \(number)") == "1:5 expected a value, found \"\(number)\"")
    }

    @Test func depthIsLimited() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(issue("x = \(deep)") == "1:69 lists and tables nest deeper than 64 levels")
        #expect(issue(deep) == "1:3 expected a key, found '['")
        #expect(issue("x = " + String(repeating: "{a=", count: 100_000))?.contains("nest deeper") == true)
    }

    @Test func bytesThatAreNoUTF8AreRefused() {
        var parser = TOMLParser([0x61, 0x3D, 0x22, 0xFF, 0x22])
        #expect(throws: SyntaxError.self) { try parser.parse() }
    }

    @Test func damagedTextNeverEndsTheProgram() {
        let seed = Array(
            "a.b = 1\n[t.\"x\"]\ny = [1, 2.5, 'x', \"\\n\\u00e9\"]\n[[q]]\nz = {a = 1}\nd = 2024-02-29\n".utf8)
        let junk = Array("[]{}=.,\"'#\\\n\r \t-+0129aeuT:_".utf8) + [0, 0x7F, 0xC3, 0xFF]
        for index in seed.indices {
            for byte in junk {
                var replaced = seed
                replaced[index] = byte
                var inserted = seed
                inserted.insert(byte, at: index)
                for text in [replaced, inserted, Array(seed[..<index]) + [byte]] {
                    var parser = TOMLParser(text)
                    _ = try? parser.parse()
                }
            }
        }
    }
}
