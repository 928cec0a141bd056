import Errors
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import MicroVM

@Suite("The modules of a kernel")
struct KernelModulesTests {
    private let directory: TemporaryDirectory
    private let kernel: GuestKernel

    init() throws {
        directory = try TemporaryDirectory()
        var head = [UInt8](repeating: 0, count: 0x400)
        head.replaceSubrange(0x202..<0x206, with: Array("HdrS".utf8))
        head[0x20F] = 1
        head[0x300] = UInt8(ascii: "1")
        try directory.write(head, to: "kernel")
        try FileManager.default.createDirectory(atPath: directory.path("1"), withIntermediateDirectories: true)
        let lines = """
            kernel/virtio-mmio.ko.xz: kernel/virtio.ko.xz kernel/ring.ko.xz
            kernel/virtio.ko.xz: kernel/ring.ko.xz
            kernel/ring.ko.xz:
            kernel/overlay.ko:
            kernel/crc32c_generic.ko.zst:

            """
        try directory.write(Array(lines.utf8), to: "1/modules.dep")
        try directory.write(Array("kernel/fs/ext4/ext4.ko\n".utf8), to: "1/modules.builtin")
        kernel = try GuestKernel.find(
            FilePath(directory.path("kernel")), modules: FilePath(directory.path("")), environment: [:])
    }

    private func files(_ names: [String], _ optional: [String] = []) throws -> [String] {
        try KernelModules.read(of: kernel).files(for: names, optional: optional).map { $0.lastComponent?.string ?? "" }
    }

    @Test("are loaded after their dependencies, each once, without built-in ones")
    func order() throws {
        #expect(
            try files(["virtio_mmio", "ext4", "overlay", "virtio"])
                == ["ring.ko.xz", "virtio.ko.xz", "virtio-mmio.ko.xz", "overlay.ko"])
    }

    @Test("are left out if they are optional and missing")
    func optional() throws {
        #expect(try files(["overlay"], ["crc32c_generic", "crc32c"]) == ["crc32c_generic.ko.zst", "overlay.ko"])
    }

    @Test("that are required and missing are an error")
    func missing() {
        let failure = #expect(throws: ToolError.self) { try files(["squashfs"]) }
        #expect(failure?.code == .unavailable)
        #expect(failure?.cause == "it has no module 'squashfs'")
    }
}
