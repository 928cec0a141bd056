import Foundation
import Testing

@Suite("Source files")
struct SourceFileTests {
    @Test("The median length is between 80 and 160 lines, no file exceeds 400, and at most six are under 25")
    func lengthsAreBalanced() throws {
        let files = try Checkout.paths(below: "Sources", endingIn: ".swift")
        let lengths = try files.map { (file: $0, lines: try Checkout.lines($0).count) }
        for (file, lines) in lengths { #expect(lines <= 400, "\(file) has \(lines) lines") }
        let median = lengths.map(\.lines).sorted()[lengths.count / 2]
        #expect((80...160).contains(median))
        let short = lengths.filter { $0.lines < 25 }.map(\.file)
        #expect(short.count <= 6, "\(short)")
    }

    @Test("No function is longer than 60 lines")
    func functionsAreShort() throws {
        for file in try Checkout.paths(below: "Sources", endingIn: ".swift") {
            for function in SwiftFunction.all(in: try Checkout.lines(file)) {
                #expect(function.length <= 60, "\(file):\(function.line) has a function of \(function.length) lines")
            }
        }
    }

    @Test("No source contains a trap that input could trigger")
    func sourcesContainNoTraps() throws {
        for file in try Checkout.paths(below: "Sources", endingIn: ".swift") {
            let text = try Checkout.text(file)
            for trap in ["fatalError(", "try!", "preconditionFailure(", " as! "] {
                #expect(!text.contains(trap), "\(file) contains \(trap)")
            }
        }
    }

    @Test("Every public declaration has a doc comment")
    func publicDeclarationsAreDocumented() throws {
        for file in try Checkout.paths(below: "Sources", endingIn: ".swift") {
            for (number, declaration) in undocumented(try Checkout.lines(file)) {
                Issue.record("\(file):\(number) has no doc comment: \(declaration)")
            }
        }
    }

    @Test("No two names in a directory differ only in case, so that the repository works on macOS and Windows")
    func namesDifferInMoreThanCase() throws {
        let groups = Dictionary(grouping: try Checkout.repository()) { $0.lowercased() }
        for paths in groups.values { #expect(paths.count == 1, "\(paths)") }
    }

    @Test("The sources use the specifications' words: at most 15 lines contain a word of the old language")
    func sourcesUseTheWordsOfTheField() throws {
        let words = ["folder", "folders", "believed", "brought", "told off", "plain tar"]
        var found: [String] = []
        for file in try Checkout.paths(below: "Sources") where !Checkout.isDirectory(file) {
            let lines = try Checkout.lines(file)
            for index in lines.indices where words.contains(where: { lines[index].containsWord($0) }) {
                found.append("\(file):\(index + 1): \(lines[index])")
            }
        }
        #expect(found.count <= 15, "\(found.count) lines:\n\(found.joined(separator: "\n"))")
    }

    /// The public declarations without a doc comment; attributes may be between the two.
    private func undocumented(_ lines: [String]) -> [(number: Int, declaration: String)] {
        var found: [(number: Int, declaration: String)] = []
        for (index, line) in lines.enumerated() where Self.isPublicDeclaration(line) {
            let above = lines[..<index].reversed().map { $0.drop { $0 == " " } }
                .first { !$0.hasPrefix("@") && !$0.hasPrefix(")") }
            if above?.hasPrefix("///") != true { found.append((index + 1, line.trimmingCharacters(in: .whitespaces))) }
        }
        return found
    }

    private static func isPublicDeclaration(_ line: String) -> Bool {
        guard line.contains("public ") || line.contains("open ") else { return false }
        let other = /(?:@\w+(?:\([^)]*\))?|static|final|nonisolated|indirect|mutating|override|convenience|required)\s+/
        var rest = line.drop { $0 == " " }
        while let match = rest.prefixMatch(of: other) { rest = rest[match.range.upperBound...] }
        guard rest.prefixMatch(of: /(?:public|open)\s+/) != nil else { return false }
        return rest.prefixMatch(of: /(?:public|open)\s+(?:import|extension)\b/) == nil
    }
}

extension String {
    /// Whether the text contains a word in any case, with no letter, digit or underscore beside it.
    fileprivate func containsWord(_ word: String) -> Bool {
        var start = startIndex
        while let found = range(of: word, options: .caseInsensitive, range: start..<endIndex) {
            let before = self[..<found.lowerBound].last
            let after = self[found.upperBound...].first
            if ![before, after].contains(where: { $0.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false }) {
                return true
            }
            start = found.upperBound
        }
        return false
    }
}
