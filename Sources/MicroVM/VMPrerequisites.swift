import Processes
package import SystemPackage

/// The programs and files that virtual machines need, to be checked one by one.
package struct VMPrerequisites: Sendable {
    private let programPath: String
    private let environment: [String: String]

    /// - Parameters:
    ///   - programPath: the value of PATH.
    ///   - environment: may have DOCKERTOOLS_KERNEL.
    package init(programPath: String, environment: [String: String]) {
        self.programPath = programPath
        self.environment = environment
    }

    /// The version of QEMU.
    ///
    /// - Throws: `ToolError` with code `unavailable` if it is missing.
    package func qemu() async throws -> String { try await version(of: .qemu, "--version") }

    /// The version of sqfstar.
    ///
    /// - Throws: `ToolError` with code `unavailable` if it is missing.
    package func sqfstar() async throws -> String { try await version(of: .sqfstar, "-version") }

    /// The version of mke2fs.
    ///
    /// - Throws: `ToolError` with code `unavailable` if it is missing.
    package func mke2fs() async throws -> String { try await version(of: .mke2fs, "-V") }

    /// The path, release and number of modules of the kernel that a virtual machine would use.
    ///
    /// - Parameters:
    ///   - path: the kernel's file; nil: it is searched for.
    ///   - modules: the directory of its modules; nil: it is searched for.
    /// - Throws: `ToolError` with code `unavailable` if there is no kernel or it lacks a module.
    package func kernel(_ path: FilePath?, modules: FilePath?) throws -> String {
        let kernel = try GuestKernel.find(path, modules: modules, environment: environment)
        let files = try Initramfs.modules(of: kernel, hasNetwork: true)
        return "\(kernel.path), \(kernel.release), \(files.count) modules"
    }

    /// A text that says that KVM can be used.
    ///
    /// - Throws: `ToolError` with code `unavailable` if it cannot.
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
