import Foundation
import Testing

@Suite("Modules of the house")
struct ModuleTests {
    /// The order of the design. A module may import only modules before it.
    static let order = [
        "CLibArchive", "CLibCrypto", "CZstd", "CLZMA", "CISAL", "CDeflate", "CLinux", "CGuest",
        "Errors", "ByteIO", "JSON", "Compression", "Tar", "OCI", "Processes", "Store", "Layering", "Images", "Registry",
        "DockerEngine", "GuestProtocol", "MicroVM", "Guest", "DockerTools", "CLI",
    ]

    @Test("Package.swift lists every module, in the order of the house")
    func packageListsModulesInOrder() throws {
        #expect(try PackageManifest.read().modules.map(\.name) == Self.order)
        #expect(try Set(Checkout.names(in: "Sources")) == Set(Self.order))
    }

    @Test("A module depends only on modules before it")
    func modulesDependOnEarlierModules() throws {
        for module in try PackageManifest.read().modules {
            let place = try #require(Self.order.firstIndex(of: module.name))
            for dependency in module.dependencies {
                let other = try #require(Self.order.firstIndex(of: dependency), "\(module.name) needs \(dependency)")
                #expect(other < place, "\(module.name) depends on \(dependency), which comes after it")
            }
        }
    }

    @Test("A target imports the modules of this package that it declares, and no others")
    func targetsImportWhatTheyDeclare() throws {
        let manifest = try PackageManifest.read()
        let names = Set(manifest.targets.map(\.name))
        for target in manifest.targets {
            let imported = try target.imports().intersection(names)
            let undeclared = imported.subtracting(target.dependencies).sorted()
            let unused = target.dependencies.subtracting(imported).sorted()
            #expect(undeclared.isEmpty, "\(target.name) imports \(undeclared) and does not declare them")
            #expect(unused.isEmpty, "\(target.name) declares \(unused) and does not import them")
        }
    }

    @Test("A target imports the modules of other packages that it declares, and no others")
    func targetsImportTheProductsThatTheyDeclare() throws {
        let manifest = try PackageManifest.read()
        for target in manifest.targets {
            let imported = try target.imports().intersection(manifest.products)
            let undeclared = imported.subtracting(target.products).sorted()
            let unused = target.products.subtracting(imported).sorted()
            #expect(undeclared.isEmpty, "\(target.name) imports \(undeclared) and does not declare them")
            #expect(unused.isEmpty, "\(target.name) declares \(unused) and does not import them")
        }
    }

    @Test("Modules that the guest uses do not import Foundation", arguments: ["Errors", "ByteIO", "Tar"])
    func guestModulesDoNotImportFoundation(module: String) throws {
        #expect(try imports(of: module).isDisjoint(with: ["Foundation", "FoundationEssentials"]))
    }

    @Test("ByteIO does not import CLibCrypto: hashing belongs to OCI")
    func byteIODoesNotHash() throws {
        #expect(try !imports(of: "ByteIO").contains("CLibCrypto"))
    }

    @Test("CLI imports few modules: it sets up the process, calls DockerTools and formats results")
    func commandLineIsThin() throws {
        let allowed: Set = ["ByteIO", "CLinux", "Compression", "DockerTools", "Errors", "JSON", "MicroVM", "OCI"]
        let others = try imports(of: "CLI").intersection(Self.order).subtracting(allowed).sorted()
        #expect(others.isEmpty, "CLI imports \(others)")
    }

    @Test(
        "An import is recognized with any attribute, access level and kind",
        arguments: [
            "import Tar", "package import Tar", "public import Tar", "@testable import Tar", "    import Tar",
            "@preconcurrency private import struct Tar.TarEntry", "@_spi(Tests) import Tar",
        ])
    func importsAreRecognized(line: String) {
        #expect(PackageManifest.Target.importedModule(line) == "Tar")
    }

    @Test("Other lines are not taken for imports", arguments: ["// import Tar", "important(Tar)", "let x = 1", ""])
    func otherLinesAreNoImports(line: String) {
        #expect(PackageManifest.Target.importedModule(line) == nil)
    }

    private func imports(of module: String) throws -> Set<String> {
        let target = try #require(PackageManifest.read().targets.first { $0.name == module })
        return try target.imports()
    }
}
