import Foundation
import Testing

/// A module of Package.swift, as the text there declares it.
private struct DeclaredModule {
    let name: String
    let dependencies: [String]
}

/// The checkout as files.
private enum Checkout {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    static func files(below path: String, endingIn suffix: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: root.appendingPathComponent(path).path)
            .filter { $0.hasSuffix(suffix) }.map { "\(path)/\($0)" }.sorted()
    }

    /// The modules below Sources, in the order of Package.swift, with the quoted names of their dependencies.
    static func modules() throws -> [DeclaredModule] {
        let manifest = try text("Package.swift")
        let start = try #require(manifest.range(of: "targets: [\n")?.upperBound)
        let declarations = ("\n" + manifest[start...]).components(separatedBy: "\n        ")
        var modules: [DeclaredModule] = []
        var rest = declarations[...]
        while let line = rest.popFirst() {
            guard
                line.hasPrefix("module(") || line.hasPrefix("systemLibrary(") || line.hasPrefix(".target(name: \"C")
                    || line.hasPrefix(".executableTarget(") || line.hasPrefix("staticProgram(")
            else { continue }
            var text = line
            while let next = rest.first, next.hasPrefix(" ") {
                text += next
                rest = rest.dropFirst()
            }
            let names = text.matches(of: /"([A-Za-z]+)"/).map { String($0.1) }
            let isLibrary = line.hasPrefix("systemLibrary(")
            modules.append(DeclaredModule(name: names[0], dependencies: isLibrary ? [] : Array(names.dropFirst())))
        }
        return modules
    }

    /// The modules that a module's sources import.
    static func imports(of module: String) throws -> Set<String> {
        var imports: Set<String> = []
        for file in try files(below: "Sources/\(module)", endingIn: ".swift") {
            for line in try text(file).split(separator: "\n") {
                if let match = line.wholeMatch(
                    of: /(?:@\w+ )?(?:public |internal )?import (?:struct |enum |class |func )?(\w+).*/)
                {
                    imports.insert(String(match.1))
                }
            }
        }
        return imports
    }
}

@Suite("The modules of the house")
struct ImportDirectionTests {
    /// The order of the design. A module may import those before it.
    static let order = [
        "CZlib", "CLibArchive", "CLibCrypto", "CZstd", "CISAL", "CDeflate", "CLinux", "CGuest", "Failures", "Processes",
        "Digests", "Tar",
        "Archives",
        "Store", "Layering", "Images", "Registry", "GuestProtocol", "MicroVM", "Guest",
        "DockerTools", "dockertools",
    ]

    @Test("stand in Package.swift in their order, and all of them are there")
    func standInOrder() throws {
        let declared = try Checkout.modules().map(\.name)
        #expect(declared == Self.order)
        let directories = try FileManager.default.contentsOfDirectory(
            atPath: Checkout.root.appendingPathComponent("Sources").path)
        #expect(Set(directories) == Set(Self.order))
    }

    @Test("depend on modules before them alone")
    func dependOnEarlierModules() throws {
        for module in try Checkout.modules() {
            let place = try #require(Self.order.firstIndex(of: module.name))
            for dependency in module.dependencies {
                let other = try #require(Self.order.firstIndex(of: dependency), "\(module.name) needs \(dependency)")
                #expect(other < place, "\(module.name) depends on \(dependency), which stands behind it")
            }
        }
    }

    @Test("import what they declare, and nothing of the house besides", arguments: order)
    func importWhatTheyDeclare(module: String) throws {
        let declared = try #require(Checkout.modules().first { $0.name == module })
        let imported = try Checkout.imports(of: module).intersection(Self.order)
        #expect(imported.subtracting(declared.dependencies).isEmpty)
        #expect(Set(declared.dependencies).subtracting(imported).isEmpty, "declared and never imported")
    }

    @Test(
        "Tar and Failures do without Foundation, so that a guest without it can use them",
        arguments: ["Tar", "Failures"])
    func doWithoutFoundation(module: String) throws {
        #expect(try Checkout.imports(of: module).isDisjoint(with: ["Foundation", "FoundationEssentials"]))
    }

    @Test("the command line calls operations and knows nothing below them")
    func commandLineIsThin() throws {
        let house = try Checkout.imports(of: "dockertools").intersection(Self.order)
        #expect(house == ["Archives", "DockerTools", "Failures", "MicroVM"])
    }
}

@Suite("The sources")
struct SourceTests {
    @Test("are small files: 400 lines at most, about 100 at the median")
    func areSmall() throws {
        let files = try Checkout.files(below: "Sources", endingIn: ".swift")
        let lines = try files.map {
            try Checkout.text($0).split(separator: "\n", omittingEmptySubsequences: false).count
        }
        for (file, count) in zip(files, lines) { #expect(count <= 400, "\(file) has \(count) lines") }
        #expect(lines.sorted()[lines.count / 2] <= 120)
    }

    @Test("trap on nothing that comes from outside")
    func trapOnNothing() throws {
        for file in try Checkout.files(below: "Sources", endingIn: ".swift") {
            let text = try Checkout.text(file)
            for trap in ["fatalError(", "try!", "preconditionFailure(", " as! "] {
                #expect(!text.contains(trap), "\(file) has \(trap)")
            }
        }
    }
}
