import Foundation
import GuestProtocol
import Processes
import SystemPackage
import TestSupport

@testable import MicroVM

/// A virtual machine with a shell script in place of QEMU, which writes what a guest may write, valid or not.
struct FakeMachine {
    let directory: TemporaryDirectory
    private let groups = ProcessGroups(started: { _ in }, ended: { _ in })

    /// - Parameter body: bash code. `$console`, `$output`, `$status` and `$result` are the files in QEMU's arguments.
    init(_ body: String) throws {
        directory = try TemporaryDirectory()
        for name in ["bin", "modules", "modules/1", "work"] {
            try FileManager.default.createDirectory(atPath: directory.path(name), withIntermediateDirectories: true)
        }
        let script = #"""
            #!/bin/bash
            printf '%s\n' "$@" > "${0%/*}/arguments"
            for argument; do
                path=${argument##*path=}
                case $argument in
                    file,id=console,*) console=$path ;;
                    file,id=port-output,*) output=$path ;;
                    file,id=port-status,*) status=$path ;;
                    *file=*result.tar,*) result=${argument#*file=}; result=${result%%,*} ;;
                esac
            done
            hello() { echo 'dockertools-guest: hello' > "$console"; }
            tell() { printf '%s\n' "$1" "key k" "outOfMemory false" "outOfProcesses false" "leastRoom 9999999" "layerSize $2" end > "$status"; }

            """# + body
        try directory.write(Array(script.utf8), to: "bin/qemu-system-x86_64")
        try Program.output(["chmod", "755", directory.path("bin/qemu-system-x86_64")])
        try directory.write(Array("the guest".utf8), to: "guest")
        var head = [UInt8](repeating: 0, count: 0x400)
        head.replaceSubrange(0x202..<0x206, with: Array("HdrS".utf8))
        head[0x20F] = 1
        head[0x300] = UInt8(ascii: "1")
        try directory.write(head, to: "kernel")
        let modules = ["virtio_mmio", "virtio_blk", "virtio_console", "squashfs", "overlay", "ext4"]
        let lines = modules.map { "\($0).ko:\n" }.joined()
        try directory.write(Array(lines.utf8), to: "modules/1/modules.dep")
        for module in modules { try directory.write(Array(module.utf8), to: "modules/1/\(module).ko") }
    }

    /// The arguments of QEMU in the last run.
    var arguments: [String] {
        get throws {
            String(decoding: try directory.read("bin/arguments"), as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }

    func run(
        _ change: (inout VirtualMachineSettings) -> Void = { _ in },
        output: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> VirtualMachineOutcome {
        var settings = VirtualMachineSettings()
        settings.accelerator = .tcg
        change(&settings)
        let kernel = try GuestKernel.find(
            FilePath(directory.path("kernel")), modules: FilePath(directory.path("modules")), environment: [:])
        let machine = VirtualMachine(
            settings, kernel: kernel, guest: FilePath(directory.path("guest")),
            programPath: directory.path("bin") + ":/usr/bin:/bin", kvmFailures: KVMFailureCache(in: nil),
            groups: groups)
        var job = VMJob()
        job.diskSize = 16
        job.scripts = [(GuestStep(key: "k", place: .root), "true")]
        return try await machine.run(job, in: FilePath(directory.path("work")), output: output, warn: { _ in })
    }
}
