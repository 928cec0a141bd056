/// A function or an initializer in the text of a source file that swift-format has formatted.
struct SwiftFunction {
    /// The number of its first line, from 1.
    let line: Int
    /// The number of lines from the one with `func` or `init` to the one with the closing brace.
    let length: Int

    /// The functions and initializers with a body, nested ones too.
    static func all(in lines: [String]) -> [SwiftFunction] {
        lines.indices.filter { isStart(lines[$0]) }.compactMap { start in
            end(of: start, in: lines).map { SwiftFunction(line: start + 1, length: $0 - start + 1) }
        }
    }

    /// Whether a line declares a function or an initializer, after its attributes and modifiers.
    private static func isStart(_ line: String) -> Bool {
        guard line.contains("func ") || line.contains("init") else { return false }
        let modifier = /(?:@\w+(?:\([^)]*\))?|\w+(?:\(\w+\))?)\s+/
        var rest = line.drop { $0 == " " }
        guard !rest.hasPrefix("//"), !rest.hasPrefix("case "), !rest.hasPrefix("return ") else { return false }
        while true {
            if rest.prefixMatch(of: /func\s|init[?]?[(<]/) != nil { return true }
            guard let match = rest.prefixMatch(of: modifier) else { return false }
            rest = rest[match.range.upperBound...]
        }
    }

    /// The index of the last line: the closing brace with the indentation of the first line.
    ///
    /// - Returns: nil for a requirement of a protocol, which has no body.
    private static func end(of start: Int, in lines: [String]) -> Int? {
        let indentation = lines[start].prefix { $0 == " " }.count
        for index in start..<lines.count {
            let text = lines[index].drop { $0 == " " }
            let depth = lines[index].count - text.count
            if index == start || (depth == indentation && isContinuation(text)) {
                if text.hasSuffix("}"), text.contains("{") { return index }
                continue
            }
            guard !text.isEmpty, depth <= indentation else { continue }
            return depth == indentation && text.hasPrefix("}") ? index : nil
        }
        return nil
    }

    /// Whether a line continues the signature that the lines before it began.
    private static func isContinuation(_ text: Substring) -> Bool {
        [")", "throws", "where ", "->", "{", "async"].contains { text.hasPrefix($0) }
    }
}
