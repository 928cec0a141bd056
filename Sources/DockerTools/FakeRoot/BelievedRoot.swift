/// How a script comes to be root as far as the files of a layer go, on this machine.
public struct BelievedRoot: Equatable, Sendable {
    /// What the ways are and in which order they are tried, for people.
    public static let discussion = """
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
