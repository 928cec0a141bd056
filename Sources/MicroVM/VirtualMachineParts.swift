import Failures
import Subprocess
import SystemPackage

/// What a virtual machine is made of, to be looked for one by one.
public struct VirtualMachineParts: Sendable {
    private let programPath: String
    private let environment: [String: String]

    /// - Parameters:
    ///   - programPath: where programs are looked up.
    ///   - environment: where DOCKERTOOLS_KERNEL is looked up.
    public init(programPath: String, environment: [String: String]) {
        self.programPath = programPath
        self.environment = environment
    }

    /// What QEMU says of its version.
    ///
    /// - Throws: `Failure` with code `unavailable` if it is not there; so do the others.
    public func qemu() async throws -> String {
        try await firstLine(of: QEMU.program, ["--version"], package: "qemu-system-x86")
    }

    public func sqfstar() async throws -> String {
        try await firstLine(of: "sqfstar", ["-version"], package: "squashfs-tools")
    }

    public func mke2fs() async throws -> String {
        try await firstLine(of: "mke2fs", ["-V"], package: "e2fsprogs")
    }

    /// The kernel that would be started, whose modules are all there.
    public func kernel(_ path: FilePath?) throws -> String {
        let kernel = try GuestKernel(path, environment: environment)
        let modules = try Initramfs.modules(of: kernel, hasNetwork: true)
        return "\(kernel.path), \(kernel.release), \(modules.count) modules"
    }

    public func kvm() throws -> String {
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
            throw Failure(
                .unavailable, "cannot run \(program)", why: "\(error)",
                advice: "install the package \(package): apt-get install \(package)")
        }
    }
}
