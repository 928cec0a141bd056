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

    private func find(_ named: String? = nil, _ environment: [String: String] = [:]) throws -> GuestKernel {
        try GuestKernel.find(
            named.map { FilePath(directory.path($0)) }, environment: environment,
            boot: FilePath(directory.path("boot")),
            modules: FilePath(directory.path("modules")))
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
        #expect(cause("bare")?.cause == "its modules are not in \(directory.path("modules"))/4.0")
    }
}
