import ByteIO
import GuestProtocol
import Processes
import SystemPackage

/// What a virtual machine is given to do.
package struct VMJob: Sendable {
    /// Squashfs images of what lies below the layer, the topmost first.
    package var lowers: [FilePath] = []
    /// A tar of what the layer holds before the scripts run; nil: nothing.
    package var contents: FilePath?
    /// Run one behind the other, as long as they succeed.
    package var scripts: [(step: GuestStep, text: String)] = []
    /// `NAME=VALUE` each.
    package var environment: [String] = []
    /// A directory that scripts cannot change; nil: there is none.
    package var storeDir: String?
    /// MiB.
    package var memory = 512
    /// MiB.
    package var diskSize = 1024

    package init() {}

    /// Processes that scripts may have at a time: 2 for each MiB. Each takes some 200 KiB of the kernel's memory and its own.
    package var processLimit: Int { 2 * memory }

    var request: GuestRequest {
        var request = GuestRequest()
        request.steps = scripts.map(\.step)
        request.environment = environment
        request.storeDir = storeDir
        request.processLimit = processLimit
        return request
    }
}

/// What came of it.
package struct VirtualMachineOutcome: Sendable {
    package let status: GuestStatus
    /// The layer's plain tar, which nobody has checked; nil unless all scripts succeeded.
    package let layer: FileRange?
    /// The last lines that the scripts wrote.
    package let log: [String]
}

/// What a virtual machine is made of, to be looked for one by one.
package struct VMPrerequisites: Sendable {
    private let programPath: String
    private let environment: [String: String]

    /// - Parameters:
    ///   - programPath: where programs are looked up.
    ///   - environment: where DOCKERTOOLS_KERNEL is looked up.
    package init(programPath: String, environment: [String: String]) {
        self.programPath = programPath
        self.environment = environment
    }

    /// What QEMU says of its version.
    ///
    /// - Throws: `ToolError` with code `unavailable` if it is not there; so do the others.
    package func qemu() async throws -> String {
        try await version(of: .qemu, "--version")
    }

    package func sqfstar() async throws -> String {
        try await version(of: .sqfstar, "-version")
    }

    package func mke2fs() async throws -> String {
        try await version(of: .mke2fs, "-V")
    }

    /// The kernel that would be started, whose modules are all there.
    package func kernel(_ path: FilePath?) throws -> String {
        let kernel = try GuestKernel(path, environment: environment)
        let modules = try Initramfs.modules(of: kernel, hasNetwork: true)
        return "\(kernel.path), \(kernel.release), \(modules.count) modules"
    }

    package func kvm() throws -> String {
        try KVM.check()
        return "can be opened"
    }

    /// The first line that a tool writes about its version.
    private func version(of tool: Tool, _ argument: String) async throws -> String {
        let result = try await ToolCommand(tool, [argument], programPath: programPath).run()
        let text = String(decoding: result.output, as: UTF8.self) + result.errorText
        return text.split(separator: "\n").first.map(String.init) ?? tool.name
    }
}
