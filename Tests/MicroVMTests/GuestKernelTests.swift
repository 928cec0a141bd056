import Failures
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import MicroVM

@Suite("The kernel of a virtual machine")
struct GuestKernelTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["boot", "modules"] { try makeFolder(name) }
    }

    private func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
    }

    /// The head of a kernel's file, and its modules.
    private func kernel(_ name: String, release: String, hasModules: Bool = true) throws {
        var bytes = [UInt8](repeating: 0, count: 0x400)
        bytes.replaceSubrange(0x202..<0x206, with: Array("HdrS".utf8))
        bytes[0x20F] = 1
        bytes.replaceSubrange(0x300..<(0x300 + release.utf8.count), with: Array(release.utf8))
        try folder.write(bytes, to: name)
        if hasModules { try makeFolder("modules/\(release)") }
    }

    private func find(_ named: String? = nil, _ environment: [String: String] = [:]) throws -> GuestKernel {
        try GuestKernel(
            named.map { FilePath(folder.path($0)) }, environment: environment, boot: FilePath(folder.path("boot")),
            modules: FilePath(folder.path("modules")))
    }

    private func why(_ named: String? = nil) -> Failure? {
        #expect(throws: Failure.self) { try find(named) }
    }

    @Test("is the newest in /boot, by its numbers")
    func newest() throws {
        for release in ["6.1.0-9-cloud-amd64", "6.1.0-56-cloud-amd64", "5.10.0-99-amd64"] {
            try kernel("boot/vmlinuz-\(release)", release: release)
        }
        let found = try find()
        #expect(found.release == "6.1.0-56-cloud-amd64")
        #expect(found.path.string == folder.path("boot/vmlinuz-6.1.0-56-cloud-amd64"))
    }

    @Test("is the one that is named, by an option before the environment")
    func named() throws {
        try kernel("boot/vmlinuz-1.0", release: "1.0")
        try kernel("a", release: "2.0")
        try kernel("b", release: "3.0 (somebody@somewhere)")
        let environment = ["DOCKERTOOLS_KERNEL": folder.path("a")]
        try makeFolder("modules/3.0")
        #expect(try find(nil, environment).release == "2.0")
        #expect(try find("b", environment).release == "3.0")
        #expect(try find(nil, ["DOCKERTOOLS_KERNEL": ""]).release == "1.0")
    }

    @Test("that is not there is named with the package that brings one")
    func missing() throws {
        let none = why()
        #expect(none?.code == .unavailable)
        #expect(none?.why == "there is no \(folder.path("boot"))/vmlinuz-*")
        #expect(none?.advice.contains("apt-get install linux-image-cloud-amd64") == true)
        #expect(why("nowhere")?.code == .unavailable)
    }

    @Test("has to be a kernel, with modules")
    func other() throws {
        try folder.write(Array(repeating: 7, count: 5000), to: "text")
        #expect(why("text")?.why == "it is no Linux kernel for x86-64 (bzImage)")
        try kernel("bare", release: "4.0", hasModules: false)
        #expect(why("bare")?.why == "its modules are not in \(folder.path("modules"))/4.0")
    }
}
