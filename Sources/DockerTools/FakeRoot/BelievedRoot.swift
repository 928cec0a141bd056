/// How a script comes to be root as far as the files of a layer go, on this machine.
public struct BelievedRoot: Equatable, Sendable {
    /// What the ways are and in which order they are tried, for people.
    public static let discussion = """
        fakeRootCommands needs no root: it is run as it is by root; by others in a user namespace, if they have a range in
        /etc/subuid and /etc/subgid and newuidmap (package uidmap); else by fakeroot alone. In a user namespace fakeroot,
        where it is installed, makes devices believed. Statically linked programs do not heed fakeroot. enableFakechroot
        mounts the image's root, as root or in a user namespace, where no device can be made.
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
