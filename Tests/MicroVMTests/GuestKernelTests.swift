import Errors
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import MicroVM

@Suite("The kernel of a virtual machine")
struct GuestKernelTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        for name in ["boot", "modules"] { try makeDirectory(name) }
    }

    private func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: directory.path(name), withIntermediateDirectories: true)
    }

    /// Writes the header of a kernel and the directory of its modules.
    private func kernel(_ name: String, release: String, hasModules: Bool = true) throws {
        var bytes = [UInt8](repeating: 0, count: 0x400)
        bytes.replaceSubrange(0x202..<0x206, with: Array("HdrS".utf8))
        bytes[0x20F] = 1
        bytes.replaceSubrange(0x300..<(0x300 + release.utf8.count), with: Array(release.utf8))
        try directory.write(bytes, to: name)
        if hasModules { try makeDirectory("modules/\(release)") }
    }

    private func find(
        _ named: String? = nil, modules: String? = nil, _ environment: [String: String] = [:]
    ) throws -> GuestKernel {
        try GuestKernel.find(
            named.map { FilePath(directory.path($0)) }, modules: modules.map { FilePath(directory.path($0)) },
            environment: environment,
            places: KernelPlaces(
                boot: FilePath(directory.path("boot")), modules: FilePath(directory.path("modules")),
                nixOS: FilePath(directory.path("system"))))
    }

    /// Makes an empty list of modules in a directory.
    private func list(_ name: String) throws {
        try makeDirectory(name)
        try directory.write([], to: "\(name)/modules.dep")
    }

    private func cause(_ named: String? = nil) -> ToolError? {
        #expect(throws: ToolError.self) { try find(named) }
    }

    @Test("is the newest in /boot by version number")
    func newest() throws {
        for release in ["6.1.0-9-cloud-amd64", "6.1.0-56-cloud-amd64", "5.10.0-99-amd64"] {
            try kernel("boot/vmlinuz-\(release)", release: release)
        }
        let found = try find()
        #expect(found.release == "6.1.0-56-cloud-amd64")
        #expect(found.path.string == directory.path("boot/vmlinuz-6.1.0-56-cloud-amd64"))
    }

    @Test("is the given one; the setting takes precedence over the environment")
    func named() throws {
        try kernel("boot/vmlinuz-1.0", release: "1.0")
        try kernel("a", release: "2.0")
        try kernel("b", release: "3.0 (somebody@somewhere)")
        let environment = ["DOCKERTOOLS_KERNEL": directory.path("a")]
        try makeDirectory("modules/3.0")
        #expect(try find(nil, environment).release == "2.0")
        #expect(try find("b", environment).release == "3.0")
        #expect(try find(nil, ["DOCKERTOOLS_KERNEL": ""]).release == "1.0")
    }

    @Test("that is missing is an error with the package to install")
    func missing() throws {
        let none = cause()
        #expect(none?.code == .unavailable)
        #expect(none?.cause == "there is no \(directory.path("boot"))/vmlinuz-*")
        #expect(none?.remedy.description.contains("apt-get install linux-image-cloud-amd64") == true)
        #expect(cause("nowhere")?.code == .unavailable)
    }

    @Test("must be a Linux kernel with modules")
    func other() throws {
        try directory.write(Array(repeating: 7, count: 5000), to: "text")
        #expect(cause("text")?.cause == "it is not a Linux kernel for x86-64 (bzImage)")
        try kernel("bare", release: "4.0", hasModules: false)
        let cause = cause("bare")?.cause
        #expect(cause?.hasPrefix("its modules are not in \(directory.path("lib/modules/4.0")), ") == true)
        #expect(cause?.hasSuffix(", \(directory.path("modules/4.0"))") == true)
    }

    @Test("has its modules beside it, as in nixpkgs, else in the system's directory")
    func besideKernel() throws {
        try makeDirectory("store")
        try kernel("store/bzImage", release: "6.6", hasModules: false)
        try list("modules/6.6")
        #expect(try find("store/bzImage").modules.string == directory.path("modules/6.6"))
        try list("store/lib/modules/6.6")
        #expect(try find("store/bzImage").modules.string == directory.path("store/lib/modules/6.6"))
        try FileManager.default.createSymbolicLink(
            atPath: directory.path("link"), withDestinationPath: "store/bzImage")
        #expect(try find("link").modules.string.hasSuffix("/store/lib/modules/6.6"))
    }

    @Test("is that of a NixOS system, with the system's modules, if /boot has none")
    func nixOS() throws {
        for name in ["store", "system"] { try makeDirectory(name) }
        try kernel("store/bzImage", release: "6.6", hasModules: false)
        try FileManager.default.createSymbolicLink(
            atPath: directory.path("system/kernel"), withDestinationPath: "../store/bzImage")
        try list("system/kernel-modules/lib/modules/6.6")
        let found = try find()
        #expect(found.path.string == directory.path("system/kernel"))
        #expect(found.modules.string == directory.path("system/kernel-modules/lib/modules/6.6"))
        try kernel("boot/vmlinuz-1.0", release: "1.0")
        #expect(try find().release == "1.0")
    }

    @Test("has its modules in the given directory, or below it")
    func givenModules() throws {
        try kernel("kernel", release: "6.6")
        for (name, list) in [("a", "a"), ("b", "b/6.6"), ("c", "c/lib/modules/6.6")] {
            try self.list(list)
            #expect(try find("kernel", modules: name).modules.string == directory.path(list))
        }
        try makeDirectory("d")
        let failure = #expect(throws: ToolError.self) { try find("kernel", modules: "d") }
        #expect(failure?.code == .unavailable)
        #expect(failure?.cause.hasPrefix("its modules are not in \(directory.path("d"))") == true)
        #expect(failure?.remedy.description.contains("with modules") == true)
    }
}
