import ByteIO
import Errors
import Glibc
import MicroVM
import Processes
import SystemPackage

/// The method by which scripts run as root on this machine, as seen from the files of a layer.
package struct RootEmulation: Equatable, Sendable {
    enum Method: Equatable, Sendable {
        /// This process is root and has the necessary capabilities.
        case root
        /// A user namespace with the subordinate ids of this user: chown and setcap are real there.
        case namespace
        /// The program fakeroot, which emulates chown, mknod and setcap for dynamically linked programs.
        case fakeroot
    }

    let method: Method
    /// Whether fakeroot emulates what the method does not allow: devices, and owners outside of the subordinate ids.
    let hasFakeroot: Bool
    /// Whether devices are real. Only root in the initial user namespace creates them.
    let makesDevices: Bool

    /// The command whose last arguments are the command to run; for the method `namespace`, as root of a user namespace.
    var command: [String] {
        switch method {
        case .root: hasFakeroot && !makesDevices ? Self.realFakeroot : []
        case .namespace: hasFakeroot ? Self.realFakeroot : []
        case .fakeroot: Self.emulatingFakeroot
        }
    }

    /// The command prefix for a trial of mounting; nil under fakeroot, which cannot mount.
    var mountingCommand: [String]? {
        switch method {
        case .root: ["unshare", "--mount"] + Self.ownProcesses + ["--"]
        case .namespace: Self.namespace + ["--mount", "--"]
        case .fakeroot: nil
        }
    }

    /// The command prefix that runs a command as root of a user namespace.
    static let namespace = ["unshare", "--user", "--map-root-user", "--map-auto"] + ownProcesses
    private static let ownProcesses = ["--pid", "--fork", "--kill-child"]
    /// Owners are those of the files until a command changes them. Real changes are not tried, since no namespace maps
    /// all ids.
    private static let emulatingFakeroot = ["env", "FAKEROOTDONTTRYCHOWN=1", "fakeroot", "--"]
    private static let realFakeroot = ["env", "FAKEROOTDONTTRYCHOWN=1", "fakeroot", "--unknown-is-real", "--"]
}

extension RootEmulation {
    /// Finds the first method that works on this machine, by trying.
    ///
    /// - Parameter programPath: the directories in which programs are looked up, as `PATH` has them.
    /// - Throws: `ToolError` with code `unavailable` if no method works.
    static func find(programPath: String) async throws -> RootEmulation {
        let trial = Trial(programPath: programPath)
        if isRoot {
            let makesDevices = isInInitialNamespace && Capabilities.effective.contains(.makeNodes)
            let hasFakeroot = makesDevices ? false : await trial.failure(["fakeroot", "--", "true"]) == nil
            return RootEmulation(method: .root, hasFakeroot: hasFakeroot, makesDevices: makesDevices)
        }
        let fakeroot = await trial.failure(["fakeroot", "--", "true"])
        guard let namespace = await trial.failure(namespace + ["--", "true"]) else {
            return RootEmulation(method: .namespace, hasFakeroot: fakeroot == nil, makesDevices: false)
        }
        guard let fakeroot else { return RootEmulation(method: .fakeroot, hasFakeroot: true, makesDevices: false) }
        throw ToolError(
            .unavailable, "cannot run \(FakeRootCommands.key)",
            cause: "not running as root, and neither a user namespace nor fakeroot is available:\n"
                + "user namespace: \(namespace)\nfakeroot: \(fakeroot)",
            remedy: "install uidmap, and give the user a range in /etc/subuid and /etc/subgid; or install fakeroot: "
                + "apt-get install uidmap fakeroot")
    }

    /// The command prefix with which a command can write to the files of this user whatever their modes are, as root can.
    ///
    /// - Returns: nil if this user has no user namespace.
    static func overridingModes(programPath: String) async -> [String]? {
        let command = ["unshare", "--user", "--map-root-user", "--"]
        return await Trial(programPath: programPath).failure(command + ["true"]) == nil ? command : nil
    }

    /// Checks by a trial that this user can mount the image's root.
    ///
    /// - Throws: `ToolError` with code `unavailable` if this user cannot mount.
    func checkMounting(programPath: String) async throws {
        let cause: String
        if let command = mountingCommand {
            guard let failure = await Trial(programPath: programPath).failure(command + ["true"]) else { return }
            cause = failure
        } else {
            cause = "this user has no user namespace, and fakeroot cannot mount"
        }
        throw ToolError(
            .unavailable, "cannot run \(FakeRootCommands.key) with the image as /", cause: cause,
            remedy:
                "run as root, or install uidmap (apt-get install uidmap) and give the user a range in /etc/subuid and "
                + "/etc/subgid; in a container, allow user and mount namespaces; or set enableFakechroot to false")
    }

    /// Whether this process is root, with the capabilities that changing owners and modes takes.
    private static var isRoot: Bool {
        geteuid() == 0
            && Capabilities.effective.isSuperset(of: [.changeOwner, .overrideModes, .ownFiles, .setFileCaps])
    }

    /// Whether this process runs in the initial user namespace, which maps all ids to themselves (user_namespaces(7)).
    static var isInInitialNamespace: Bool {
        let map = (try? SmallFile.text(FilePath("/proc/self/uid_map"))) ?? ""
        return map.split { $0 == " " || $0 == "\n" } == ["0", "0", "4294967295"]
    }
}

extension RootEmulation: CustomStringConvertible {
    /// The method in a few words, for `doctor`.
    package var description: String {
        switch method {
        case .root: "run as root"
        case .namespace: "run in a user namespace" + (hasFakeroot ? ", with fakeroot for devices" : ", without devices")
        case .fakeroot: "run under fakeroot"
        }
    }
}

/// Runs commands to find out whether they work.
private struct Trial {
    let programPath: String

    /// The reason why a command fails; nil if it works.
    func failure(_ command: [String]) async -> String? {
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

/// Capabilities of a process that the files of a layer may need.
///
/// Source: `linux/capability.h`.
struct Capabilities: OptionSet, Sendable {
    let rawValue: UInt64

    static let changeOwner = Capabilities(rawValue: 1 << 0)
    static let overrideModes = Capabilities(rawValue: 1 << 1)
    static let ownFiles = Capabilities(rawValue: 1 << 3)
    static let makeNodes = Capabilities(rawValue: 1 << 27)
    static let setFileCaps = Capabilities(rawValue: 1 << 31)

    /// The effective capabilities of this process.
    static var effective: Capabilities {
        let status = (try? SmallFile.text(FilePath("/proc/self/status"))) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        return Capabilities(rawValue: line?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) } ?? 0)
    }
}
