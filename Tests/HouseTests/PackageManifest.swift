import Foundation

/// The targets that the text of Package.swift declares, in their order.
struct PackageManifest {
    /// A library, a program or a test target.
    struct Target {
        let name: String
        /// Relative to the root.
        let directory: String
        /// The targets of this package that it declares as dependencies.
        let dependencies: Set<String>
        /// The modules of other packages that it declares as dependencies.
        let products: Set<String>

        var isTest: Bool { directory.hasPrefix("Tests/") }
    }

    let targets: [Target]
    /// The modules that come from other packages.
    let products: Set<String>

    /// The targets below Sources.
    var modules: [Target] { targets.filter { !$0.isTest } }

    static func read() throws -> PackageManifest {
        let lines = try Checkout.lines("Package.swift")
        let products = variables(lines)
        let blocks = targetBlocks(lines)
        let names = Set(blocks.compactMap { quoted($0).first })
        let targets = blocks.compactMap { target($0, names: names, products: products) }
        return PackageManifest(targets: targets, products: Set(products.values))
    }

    /// The variables that stand for the products of other packages, with the products' names.
    private static func variables(_ lines: [String]) -> [String: String] {
        var products: [String: String] = [:]
        for line in lines {
            guard let match = line.firstMatch(of: /^let (\w+) = Target\.Dependency\.product\(name: "(\w+)"/) else {
                continue
            }
            products[String(match.1)] = String(match.2)
        }
        return products
    }

    /// The text of each element of the list `targets:`, which starts with 8 spaces.
    private static func targetBlocks(_ lines: [String]) -> [String] {
        let list = lines.drop { $0 != "    targets: [" }.dropFirst().prefix { !$0.hasPrefix("    ]") }
        var blocks: [String] = []
        for line in list {
            let text = line.drop { $0 == " " }
            let isStart = line.count - text.count == 8 && !text.hasPrefix(")") && !text.hasPrefix("//")
            if isStart { blocks.append("") }
            if !blocks.isEmpty, !text.hasPrefix("//") { blocks[blocks.count - 1] += text + "\n" }
        }
        return blocks
    }

    private static func target(_ block: String, names: Set<String>, products: [String: String]) -> Target? {
        guard let name = quoted(block).first else { return nil }
        let path = block.firstMatch(of: /path: "([^"]+)"/).map { String($0.1) }
        let isTest = block.hasPrefix("tests(") || block.hasPrefix(".testTarget(")
        let words = Set(block.matches(of: /\w+/).map { String($0.output) })
        return Target(
            name: name, directory: path ?? "\(isTest ? "Tests" : "Sources")/\(name)",
            dependencies: Set(quoted(block).dropFirst()).intersection(names),
            products: Set(products.filter { words.contains($0.key) }.values))
    }

    private static func quoted(_ text: String) -> [String] { text.matches(of: /"(\w+)"/).map { String($0.1) } }
}

extension PackageManifest.Target {
    /// The modules that the target's sources import, whatever the access level of the import.
    func imports() throws -> Set<String> {
        var imports: Set<String> = []
        for file in try Checkout.paths(below: directory, endingIn: ".swift") {
            for line in try Checkout.lines(file) {
                if let module = Self.importedModule(line) { imports.insert(module) }
            }
        }
        return imports
    }

    /// The module that a line imports: `@testable import A`, `package import B`, `import struct C.D`.
    static func importedModule(_ line: String) -> String? {
        guard line.contains("import ") else { return nil }
        let attributes = /(?:@\w+(?:\([^)]*\))?\s+)*/
        let access = /(?:(?:public|package|internal|fileprivate|private)\s+)?/
        let kind = /(?:(?:struct|class|enum|protocol|typealias|func|let|var|actor)\s+)?/
        var rest = line.drop { $0 == " " }
        if let match = rest.prefixMatch(of: attributes) { rest = rest[match.range.upperBound...] }
        if let match = rest.prefixMatch(of: access) { rest = rest[match.range.upperBound...] }
        guard let match = rest.prefixMatch(of: /import\s+/) else { return nil }
        rest = rest[match.range.upperBound...]
        if let match = rest.prefixMatch(of: kind) { rest = rest[match.range.upperBound...] }
        return rest.prefixMatch(of: /\w+/).map { String($0.output) }
    }
}
