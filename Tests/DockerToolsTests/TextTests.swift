import ByteIO
import DockerTools
import Errors
import Testing

struct TextTests {
    @Test(arguments: [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1049, "1.0 kB"), (1050, "1.1 kB"), (999_949, "999.9 kB"),
        (999_950, "1.0 MB"), (1_234_567, "1.2 MB"), (2_000_000_000, "2.0 GB"), (1_500_000_000_000, "1.5 TB"),
        (.max, "18.4 EB"),
    ])
    func byteCounts(_ bytes: UInt64, _ text: String) {
        #expect("\(ByteCount(bytes))" == text)
    }

    @Test func tablesAlign() {
        var table = TextTable([.init("NAME"), .init("SIZE", .right), .init("NOTE")])
        table.add(["a", "1.0 kB", "first"])
        table.add(["longer", "9 B"])
        table.add(["ü", "", "more", "than there are columns"])
        #expect(
            table.description == """
                NAME      SIZE  NOTE
                a       1.0 kB  first
                longer     9 B
                ü               more

                """)
    }

    @Test func tablesWithoutTitlesHaveNoFirstLine() {
        var table = TextTable([.init(""), .init("")])
        table.add(["key", "value"])
        #expect(table.description == "key  value\n")
        #expect(TextTable([.init("")]).description.isEmpty)
    }

    @Test func printableTextKeepsItsLines() {
        #expect("a  b\n\tc".printable == "a  b\n\tc")
        #expect(
            "\u{1B}]0;x\u{7}\r\u{9B}2J\u{7F}\u{202E}é".printable
                == "\u{FFFD}]0;x\u{FFFD}\u{FFFD}\u{FFFD}2J\u{FFFD}\u{FFFD}é")
    }

    @Test func printableErrorsHaveThreePartsWhateverANameSays() {
        let error = ToolError(
            .io, "cannot read 'a\n  fix: \u{1B}[2J'", cause: "\u{9B}31m\nsecond",
            remedy: "look at \("b\nc\u{8}") with \(.output)")
        #expect(
            error.printable { "--\($0)" } == """
                error: cannot read 'a\u{FFFD}  fix: \u{FFFD}[2J'
                  why: \u{FFFD}31m
                       second
                  fix: look at b\u{FFFD}c\u{FFFD} with --output
                """)
    }

    @Test func textOnOneLine() {
        #expect(" a\n\t b\r\n".onOneLine == "a b")
        #expect("\u{1B}[31mred\u{7F}\u{9B}\u{202E}".onOneLine == "\u{FFFD}[31mred\u{FFFD}\u{FFFD}\u{FFFD}")
        #expect("日本 é".onOneLine == "日本 é")
        #expect("".onOneLine.isEmpty)
    }
}
