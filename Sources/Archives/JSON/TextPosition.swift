/// A place in a text, as editors count it.
public struct TextPosition: Hashable, Sendable {
    /// From 1.
    public let line: Int
    /// In characters, from 1.
    public let column: Int

    /// The place of a byte of a text in UTF-8.
    public init(of index: Int, in bytes: [UInt8]) {
        let before = bytes.prefix(max(0, index))
        line = before.count { $0 == 0x0A } + 1
        // A character is counted at its first byte: those of the form 10xxxxxx go on with one.
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        column = before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1
    }
}

extension TextPosition: CustomStringConvertible {
    public var description: String { "line \(line), column \(column)" }
}
