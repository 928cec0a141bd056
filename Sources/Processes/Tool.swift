package import Errors
import Glibc
package import SystemPackage

/// An external program, and how to install it.
package struct Tool: Equatable, Sendable {
    /// The program's name, which is looked up in PATH.
    package let name: String
    /// What to do where the program is missing.
    package let remedy: Remedy
    /// Adds the directories of system programs to PATH, which only root's PATH has by default.
    package let usesSystemDirectories: Bool

    /// - Parameters:
    ///   - name: the program's name.
    ///   - remedy: what to do where the program is missing.
    ///   - usesSystemDirectories: looks the program up in the directories of system programs too, such as `/usr/sbin`.
    package init(_ name: String, remedy: Remedy, usesSystemDirectories: Bool = false) {
        self.name = name
        self.remedy = remedy
        self.usesSystemDirectories = usesSystemDirectories
    }

    private init(_ name: String, debianPackage: String, usesSystemDirectories: Bool = false) {
        self.init(
            name, remedy: "install it: apt-get install \(debianPackage)", usesSystemDirectories: usesSystemDirectories)
    }

    /// Makes an ext4 file system: e2fsprogs.
    package static let mke2fs = Tool("mke2fs", debianPackage: "e2fsprogs", usesSystemDirectories: true)
    /// Queries the Nix database.
    package static let nixStore = Tool(
        "nix-store", remedy: "install Nix, or give a graph file with the key `closure`")
    /// Emulates an x86-64 machine: QEMU.
    package static let qemu = Tool("qemu-system-x86_64", debianPackage: "qemu-system-x86", usesSystemDirectories: true)
    /// Runs a program with other settings of its process: util-linux.
    static let setpriv = Tool("setpriv", debianPackage: "util-linux")
    /// Runs a command on another machine: OpenSSH's client.
    package static let ssh = Tool("ssh", debianPackage: "openssh-client")
    /// Maps subordinate user IDs in a user namespace: uidmap.
    package static let newuidmap = Tool("newuidmap", debianPackage: "uidmap")
    /// Maps subordinate group IDs in a user namespace: uidmap.
    package static let newgidmap = Tool("newgidmap", debianPackage: "uidmap")
    /// Makes a squashfs from a tar: squashfs-tools.
    package static let sqfstar = Tool("sqfstar", debianPackage: "squashfs-tools")

    /// The program's file; nil if it is in no directory of PATH.
    ///
    /// - Parameters:
    ///   - programPath: the value of PATH.
    ///   - directory: the directory that relative directories of PATH start from; nil: that of the process.
    package func file(_ programPath: String, from directory: FilePath? = nil) -> FilePath? {
        searchPath(programPath).split(separator: ":").map { FilePath(String($0)).appending(name) }
            .map { directory?.pushing($0) ?? $0 }
            .first { $0.withPlatformString { access($0, X_OK) } == 0 }
    }

    /// The value of PATH for the tool.
    func searchPath(_ programPath: String) -> String {
        usesSystemDirectories ? programPath + ":/usr/local/sbin:/usr/sbin:/sbin" : programPath
    }
}

/// The outcome of a tool's run.
package struct ToolResult: Sendable {
    /// How a process ended.
    package enum Status: Equatable, Sendable {
        /// By itself, with an exit status of 0…255.
        case exited(Int32)
        /// By a signal.
        case signaled(Int32)
    }

    /// How the tool ended.
    package let status: Status
    /// The captured bytes of standard output.
    package let output: [UInt8]
    /// The captured text of standard error.
    package let errorText: String

    /// True if the exit status is 0.
    package var isSuccess: Bool { status == .exited(0) }

    /// The reason for a failure: the last lines of standard error, or the status if there are none.
    package var cause: String {
        let lines = errorText.split(separator: "\n").suffix(5).joined(separator: "\n")
        if case .signaled = status { return lines.isEmpty ? "it \(status)" : "it \(status)\n\(lines)" }
        return lines.isEmpty ? "it \(status)" : lines
    }

    /// Checks that the tool succeeded.
    ///
    /// - Throws: `ToolError` with `code`, `message` and `remedy`, whose cause is what the tool wrote to standard error.
    package func check(_ code: ToolError.Code, _ message: String, remedy: Remedy) throws {
        guard isSuccess else { throw ToolError(code, message, cause: cause, remedy: remedy) }
    }
}

extension ToolResult.Status: CustomStringConvertible {
    /// The end of a sentence about the process: `ended with status 1`.
    package var description: String {
        switch self {
        case .exited(let status): "ended with status \(status)"
        case .signaled(let signal): "was ended by signal \(signal)"
        }
    }
}
