import Archives
import Failures
import Glibc
import Subprocess
import SystemPackage

extension BelievedRoot {
    /// Finds the best way on this machine, by trying.
    ///
    /// - Throws: `Failure` with code `unavailable` if there is none.
    static func find(programPath: String) async throws -> BelievedRoot {
        let trial = Trial(programPath: programPath)
        if isRoot {
            let makesDevices = ownsMachine && Capabilities.effective.contains(.makeNodes)
            let hasFakeroot = makesDevices ? false : await trial.fault(["fakeroot", "--", "true"]) == nil
            return BelievedRoot(way: .root, hasFakeroot: hasFakeroot, makesDevices: makesDevices)
        }
        let fakeroot = await trial.fault(["fakeroot", "--", "true"])
        guard let namespace = await trial.fault(namespace + ["--", "true"]) else {
            return BelievedRoot(way: .namespace, hasFakeroot: fakeroot == nil, makesDevices: false)
        }
        guard let fakeroot else { return BelievedRoot(way: .fakeroot, hasFakeroot: true, makesDevices: false) }
        throw Failure(
            .unavailable, "cannot run \(FakeRootRun.key)",
            why: "this user is not root, and nothing has chown and mknod believed:\nuser namespace: \(namespace)\n"
                + "fakeroot: \(fakeroot)",
            advice: "install uidmap, and give the user a range in /etc/subuid and /etc/subgid; or install fakeroot: "
                + "apt-get install uidmap fakeroot")
    }

    /// What the command is that runs in the image's own root.
    ///
    /// - Throws: `Failure` with code `unavailable` if this user may not mount anything.
    func mounting(programPath: String) async throws -> [String] {
        let fault: String
        if let command = mountingCommand {
            guard let why = await Trial(programPath: programPath).fault(command + ["true"]) else { return command }
            fault = why
        } else {
            fault = "this user has no namespace to mount in, and fakeroot mounts nothing"
        }
        throw Failure(
            .unavailable, "cannot run \(FakeRootRun.key) with the image as /", why: fault,
            advice:
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
            let outcome = try await Subprocess.run(
                .name(command[0]), arguments: Arguments(Array(command.dropFirst())),
                environment: .custom(["PATH": programPath, "LC_ALL": "C"]), input: .none, output: .discarded,
                error: .string(limit: 4096))
            if outcome.terminationStatus.isSuccess { return nil }
            let said = outcome.standardError.onOneLine
            return said.isEmpty ? "\(command[0]) ended with \(outcome.terminationStatus)" : said
        } catch {
            return "the program \(command[0]) is not there"
        }
    }
}
