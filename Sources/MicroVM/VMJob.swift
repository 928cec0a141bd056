import ByteIO
import Errors
import GuestProtocol
import Subprocess
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
        try await firstLine(of: QEMU.program, ["--version"], package: "qemu-system-x86")
    }

    package func sqfstar() async throws -> String {
        try await firstLine(of: "sqfstar", ["-version"], package: "squashfs-tools")
    }

    package func mke2fs() async throws -> String {
        try await firstLine(of: "mke2fs", ["-V"], package: "e2fsprogs")
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

    private func firstLine(of program: String, _ arguments: [String], package: String) async throws -> String {
        do {
            let result = try await Subprocess.run(
                .name(program), arguments: Arguments(arguments),
                environment: .custom(["PATH": SystemPrograms.path(with: programPath), "LC_ALL": "C"]),
                output: .string(limit: 64 * 1024), error: .string(limit: 64 * 1024))
            let words = (result.standardOutput) + (result.standardError)
            return words.split(separator: "\n").first.map(String.init) ?? program
        } catch let error as SubprocessError {
            throw ToolError(
                .unavailable, "cannot run \(program)", cause: "\(error)",
                remedy: "install the package \(package): apt-get install \(package)")
        }
    }
}
