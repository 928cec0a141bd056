import TestSupport

/// A user who runs the program; each can emulate root by other methods.
enum Caller: CaseIterable {
    case root
    /// A user with subordinate IDs and with fakeroot.
    case namespaceAndFakeroot
    case namespace
    case fakeroot
    /// A user with neither.
    case nobody

    /// Callers that can emulate everything that root can do.
    static let emulatingRoot: [Caller] = [.root, .namespaceAndFakeroot, .fakeroot]
    /// Callers that can mount.
    static let mounting: [Caller] = [.root, .namespace]

    /// Programs that are missing from the caller's PATH.
    private var missing: [String] {
        switch self {
        case .root, .namespaceAndFakeroot: []
        case .namespace: ["fakeroot"]
        case .fakeroot: ["newuidmap"]
        case .nobody: ["newuidmap", "fakeroot"]
        }
    }

    /// The prefix that runs a command as the caller; `$DOCKERTOOLS` is the program in the command.
    ///
    /// The command keeps its process ID, so that tests can send it signals.
    func command(on machine: TestMachine) throws -> [String] {
        guard self != .root else { return ["env", "DOCKERTOOLS=\(Dockertools.path)"] }
        let script = """
            for directory in tmp out cache; do chmod 777 "$1/$directory"; done
            mkdir -p "$1/programs"
            mount -t tmpfs none "$1/programs"
            for program in /usr/local/bin/* /usr/bin/* /bin/* /usr/sbin/* /sbin/*; do
                ln -sf "$program" "$1/programs/${program##*/}"
            done
            for program in $3; do rm "$1/programs/$program"; done
            : > "$1/programs/dockertools"
            mount --bind "$2" "$1/programs/dockertools"
            { cat /etc/passwd; echo "maker:x:$4:$4::/:/bin/sh"; } > "$1/programs/.passwd"
            echo "maker:200000:65536" > "$1/programs/.ids"
            mount --bind "$1/programs/.passwd" /etc/passwd
            for file in /etc/subuid /etc/subgid; do mount --bind "$1/programs/.ids" "$file"; done
            export PATH="$1/programs" DOCKERTOOLS="$1/programs/dockertools"
            number=$4; shift 4
            exec setpriv --reuid="$number" --regid="$number" --clear-groups "$@"
            """
        return [
            "unshare", "--mount", "--propagation", "private", "bash", "-e", "-c", script, "bash",
            machine.directory.path,
            Dockertools.path, missing.joined(separator: " "), "\(machine.callerID)",
        ]
    }
}

extension TestMachine {
    /// The ID of the user who is not root. It differs for each machine, so that no other process owns message queues
    /// with this ID.
    var callerID: Int {
        let digits = directory.path.suffix(4)
        return 20000 + (Int(digits, radix: 16) ?? 0)
    }

    /// Runs a shell script as a caller; `$DOCKERTOOLS` is the program in it.
    func shell(_ script: String, as caller: Caller) throws -> Program.Outcome {
        try Program.run(
            try caller.command(on: self) + ["bash", "-c", script], environment: environment, in: directory.path)
    }

    /// Runs `layered` on the machine's spec as a caller.
    func layered(as caller: Caller, output: String = "out/image.tar") throws -> Program.Outcome {
        try shell("exec $DOCKERTOOLS layered spec.json -o \(output) --quiet", as: caller)
    }

    /// Runs `layered` on the machine's spec as a caller; it must succeed.
    ///
    /// - Returns: the members of the customization layer as GNU tar lists them, without their times.
    func customizationLayer(as caller: Caller) throws -> [String] {
        let outcome = try layered(as: caller)
        guard outcome.status == 0 else { throw Program.Failed(["layered"], outcome) }
        return try customizationLayer()
    }

    /// The members of the customization layer of an archive.
    func customizationLayer(of archive: String = "out/image.tar") throws -> [String] {
        let script = """
            layer=$(tar -xOf \(archive) manifest.json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["Layers"][-1])')
            tar -xOf \(archive) "$layer" | tar --list --verbose --verbose --xattrs --xattrs-include="*" --numeric-owner --quoting-style=escape \\
                --warning=no-unknown-keyword | sed -E 's/ +/ /g; s/ [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} / /'
            """
        let outcome = try shell(script, environment: ["TZ": "UTC", "LC_ALL": "C"])
        guard outcome.status == 0 else { throw Program.Failed(["tar"], outcome) }
        return outcome.text.split(separator: "\n").map(String.init)
    }
}
