import Foundation
import Tar
import TestSupport
import Testing

/// Names in the order of Python's `sorted` on what `os.fsdecode` makes of them.
@Suite("Order of names")
struct PathOrderTests {
    @Test("Names are ordered as in Python")
    func agreesWithPython() throws {
        var random = SeededGenerator(seed: 2026)
        var names = Set<[UInt8]>()
        while names.count < 3000 {
            names.insert(Self.name(&random))
        }
        let unsorted = Array(names)
        let lines = unsorted.map { PythonTar.Entry.hex($0) }.joined(separator: "\n")
        let script = """
            import os, sys
            names = [bytes.fromhex(line) for line in sys.stdin.read().split("\\n")]
            print("\\n".join(name.hex() for name in sorted(names, key=os.fsdecode)))
            """
        // In another locale os.fsdecode would read the names in another way.
        let output = try Program.output(
            ["python3", "-X", "utf8", "-c", script], input: Array(lines.utf8))
        let theirs = String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
        #expect(unsorted.sorted(by: Self.precedes).map { PythonTar.Entry.hex($0) } == theirs)
    }

    @Test("A prefix comes first")
    func aPrefixComesFirst() {
        #expect(Self.precedes(Array("a".utf8), Array("a-b".utf8)))
        #expect(!Self.precedes(Array("a-b".utf8), Array("a".utf8)))
        #expect(!Self.precedes(Array("a".utf8), Array("a".utf8)))
    }

    /// A byte that is not UTF-8 comes after U+D7FF and before U+E000, and before all beyond the basic plane.
    @Test("Invalid UTF-8 is ordered like surrogates")
    func bytesThatAreNotUTF8ComeWhereSurrogatesAre() {
        let stray: [UInt8] = [0xFF]
        #expect(Self.precedes(Array("\u{D7FF}".utf8), stray))
        #expect(Self.precedes(stray, Array("\u{E000}".utf8)))
        #expect(Self.precedes(stray, Array("😀".utf8)))
    }

    /// Short names of few different parts, so that many share a beginning.
    private static func name(_ random: inout SeededGenerator) -> [UInt8] {
        let parts: [[UInt8]] = [
            Array("a".utf8), Array("-".utf8), Array("\u{E9}".utf8), Array("\u{D7FF}".utf8), Array("\u{E000}".utf8),
            Array("\u{FFFD}".utf8), Array("😀".utf8), [0x80], [0xC3], [0xED], [0xEE], [0xF0, 0x9F], [0xFF],
        ]
        var name: [UInt8] = []
        for _ in 0...Int.random(in: 0...4, using: &random) {
            if Bool.random(using: &random) {
                name += parts[Int.random(in: 0..<parts.count, using: &random)]
            } else {
                name.append(UInt8.random(in: 1...255, using: &random))
            }
        }
        return name
    }

    private static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.withUnsafeBytes { left in right.withUnsafeBytes { PathOrder.precedes(left, $0) } }
    }
}
