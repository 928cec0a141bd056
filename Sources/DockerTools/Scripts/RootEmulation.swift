import ByteIO
import Errors
import Glibc
import Processes
import SystemPackage

/// How a script comes to be root as far as the files of a layer go, on this machine.
package struct RootEmulation: Equatable, Sendable {
    /// What the ways are and in which order they are tried, for people.
    package static let discussion = """
        fakeRootCommands needs no root. The first of these that works is taken:
          root runs the commands as they are;
          a user with a range in /etc/subuid and /etc/subgid runs them in a user
          namespace (package uidmap), with fakeroot for devices if it is there;
          any other runs them under fakeroot (package fakeroot), which statically
          linked programs do not heed.
        enableFakechroot takes one of the first two. In a user namespace it makes
        no devices.
        """

    enum Way: Equatable, Sendable {
        /// This program is root, with the capabilities that it takes.
        case root
        /// A user namespace, with the subordinate ids that this user has: chown and setcap are real there.
        case namespace
        /// No more than the program fakeroot, which has chown and the like believed by what is linked to libc at run time.
        case fakeroot
    }

    var way: Way
    /// Whether fakeroot is there for what the way does not allow: devices, and owners beyond the subordinate ids.
    var hasFakeroot: Bool
    /// Whether devices are real: root of the machine's own namespace makes them, no other.
    var makesDevices: Bool

    /// How it is done, for people.
    var words: String {
        switch way {
        case .root: "run as root"
        case .namespace: "run in a user namespace" + (hasFakeroot ? ", with fakeroot for devices" : ", without devices")
        case .fakeroot: "run under fakeroot"
        }
    }

    /// What stands before a command.
    var command: [String] {
        switch way {
        case .root: hasFakeroot && !makesDevices ? Self.realFakeroot : []
        // All that runs in a namespace of processes ends with its first, and fakeroot's message queues with theirs.
        case .namespace: Self.namespace + ["--ipc", "--"] + (hasFakeroot ? Self.realFakeroot : [])
        case .fakeroot: ["fakeroot", "--"]
        }
    }

    /// The same for a command that mounts, without fakeroot, whose library no image has; nil if that cannot be.
    var mountingCommand: [String]? {
        switch way {
        case .root: ["unshare", "--mount"] + Self.ownProcesses + ["--"]
        case .namespace: Self.namespace + ["--mount", "--"]
        case .fakeroot: nil
        }
    }

    static let namespace = ["unshare", "--user", "--map-root-user", "--map-auto"] + ownProcesses
    private static let ownProcesses = ["--pid", "--fork", "--kill-child"]
    /// Owners are those of the files until somebody changes them, which is not tried: no namespace has all numbers.
    private static let realFakeroot = ["env", "FAKEROOTDONTTRYCHOWN=1", "fakeroot", "--unknown-is-real", "--"]
}

extension RootEmulation {
    /// Finds the best way on this machine, by trying.
    ///
    /// - Throws: `ToolError` with code `unavailable` if there is none.
    static func find(programPath: String) async throws -> RootEmulation {
        let trial = Trial(programPath: programPath)
        if isRoot {
            let makesDevices = ownsMachine && Capabilities.effective.contains(.makeNodes)
            let hasFakeroot = makesDevices ? false : await trial.fault(["fakeroot", "--", "true"]) == nil
            return RootEmulation(way: .root, hasFakeroot: hasFakeroot, makesDevices: makesDevices)
        }
        let fakeroot = await trial.fault(["fakeroot", "--", "true"])
        guard let namespace = await trial.fault(namespace + ["--", "true"]) else {
            return RootEmulation(way: .namespace, hasFakeroot: fakeroot == nil, makesDevices: false)
        }
        guard let fakeroot else { return RootEmulation(way: .fakeroot, hasFakeroot: true, makesDevices: false) }
        throw ToolError(
            .unavailable, "cannot run \(FakeRootCommands.key)",
            cause: "this user is not root, and nothing has chown and mknod believed:\nuser namespace: \(namespace)\n"
                + "fakeroot: \(fakeroot)",
            remedy: "install uidmap, and give the user a range in /etc/subuid and /etc/subgid; or install fakeroot: "
                + "apt-get install uidmap fakeroot")
    }

    /// What the command is that runs in the image's own root.
    ///
    /// - Throws: `ToolError` with code `unavailable` if this user may not mount anything.
    func mounting(programPath: String) async throws -> [String] {
        let fault: String
        if let command = mountingCommand {
            guard let cause = await Trial(programPath: programPath).fault(command + ["true"]) else { return command }
            fault = cause
        } else {
            fault = "this user has no namespace to mount in, and fakeroot mounts nothing"
        }
        throw ToolError(
            .unavailable, "cannot run \(FakeRootCommands.key) with the image as /", cause: fault,
            remedy:
                "run as root, or install uidmap (apt-get install uidmap) and give the user a range in /etc/subuid and "
                + "/etc/subgid; in a container, let it make user and mount namespaces; or set enableFakechroot to false"
        )
    }

    /// Whether this is root with all that makes files another's.
    private static var isRoot: Bool {
        geteuid() == 0
            && Capabilities.effective.isSuperset(of: [.changeOwner, .overrideModes, .ownFiles, .setCapabilities])
    }

    /// Whether this is the user namespace that the machine began with: no container's that maps a few ids.
    static var ownsMachine: Bool {
        let map = (try? SmallFile.text(FilePath("/proc/self/uid_map"))) ?? ""
        return map.split { $0 == " " || $0 == "\n" } == ["0", "0", "4294967295"]
    }
}

/// Runs a command to see whether it can be run.
private struct Trial {
    let programPath: String

    /// Why not; nil if it can.
    func fault(_ command: [String]) async -> String? {
        do {
            let tool = Tool(command[0], remedy: "install it")
            let result = try await ToolCommand(tool, Array(command.dropFirst()), programPath: programPath).run()
            if result.isSuccess { return nil }
            let message = result.errorText.onOneLine
            return message.isEmpty ? "\(command[0]) \(result.status)" : message
        } catch let error as ToolError {
            return error.cause
        } catch {
            return "\(error)"
        }
    }
}

/// Capabilities of a process, of those that the files of a layer take.
///
/// Source: `linux/capability.h`.
struct Capabilities: OptionSet, Sendable {
    let rawValue: UInt64

    static let changeOwner = Capabilities(rawValue: 1 << 0)
    static let overrideModes = Capabilities(rawValue: 1 << 1)
    static let ownFiles = Capabilities(rawValue: 1 << 3)
    static let makeNodes = Capabilities(rawValue: 1 << 27)
    static let setCapabilities = Capabilities(rawValue: 1 << 31)

    /// Those of this process.
    static var effective: Capabilities {
        let status = (try? SmallFile.text(FilePath("/proc/self/status"))) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        return Capabilities(rawValue: line?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) } ?? 0)
    }
}
