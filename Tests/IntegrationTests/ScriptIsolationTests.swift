import Foundation
import Glibc
import TestSupport
import Testing

/// What scripts of a spec can do to the machine that they run on.
@Suite("Isolation of scripts")
struct ScriptIsolationTests {
    private let machine: TestMachine

    init() throws { machine = try TestMachine() }

    @Test("Scripts cannot change this machine's files, as root or as another user", arguments: Caller.emulatingRoot)
    func files(_ caller: Caller) throws {
        try machine.makeDirectory("host")
        try machine.write("untouched\n", to: "host/file")
        chmod(machine.path("host"), 0o777)
        chmod(machine.path("host/file"), 0o666)
        let host = machine.path("host")
        let attempt =
            "(echo changed > \(host)/file; rm \(host)/file; touch \(host)/new /etc/new; chmod 0 \(host)) || true"
        try machine.spec([
            "extraCommands": "\(attempt); echo 1 > made", "fakeRootCommands": "\(attempt); echo 2 >> made",
        ])
        let outcome = try machine.shell(
            "$DOCKERTOOLS layered spec.json -o out/image.tar && tar -xOf out/image.tar $(tar -tf out/image.tar | grep 001.tar) | tar -xO --wildcards '*made'",
            as: caller)
        #expect(outcome.text == "out/image.tar\n1\n2\n", "\(outcome.errors)")
        #expect(outcome.errors.contains("Read-only file system"))
        #expect(try machine.directory.read("host/file") == Array("untouched\n".utf8))
        #expect(try machine.shell("ls host").text == "file\n")
    }

    @Test("Scripts have a network only with --script-network")
    func network() throws {
        try machine.spec(["extraCommands": "grep -c : /proc/net/dev > interfaces"])
        let interfaces = "tar -xOf out/image.tar layers/001.tar | tar -xO --wildcards '*interfaces'"
        #expect(
            try machine.shell("$DOCKERTOOLS layered spec.json -o out/image.tar --quiet && \(interfaces)").text
                == "out/image.tar\n1\n")
        let shared = try machine.shell(
            "$DOCKERTOOLS layered spec.json -o out/image.tar --quiet --script-network && \(interfaces)")
        let own = try machine.shell("grep -c : /proc/net/dev").text
        #expect(shared.text == "out/image.tar\n\(own)")
    }

    @Test("Processes that were there before live on, and those of the script end with it")
    func processes() throws {
        let seconds = (0..<2).map { _ in "1000.\(UInt32.random(in: 1...UInt32.max))" }
        try machine.spec(["extraCommands": "setsid sleep \(seconds[1]) > /dev/null 2>&1 & touch made"])
        // The shell starts a daemon and then becomes the program, which keeps its children.
        let outcome = try machine.shell(
            """
            # Without the descriptors by which the test waits for the program.
            (for file in /proc/self/fd/*; do [ "${file##*/}" -le 2 ] || eval "exec ${file##*/}>&-"; done
            exec setsid sleep \(seconds[0]) > /dev/null 2>&1) &
            until pgrep -f '^sleep \(seconds[0])' > /dev/null; do sleep 0.05; done
            exec $DOCKERTOOLS layered spec.json -o out/image.tar --quiet
            """)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try Program.run(["pkill", "-f", "^sleep \(seconds[0])"]).status == 0)
        #expect(try Program.run(["pgrep", "-f", "^sleep \(seconds[1])"]).status == 1)
    }

    @Test("The Env of a base is not obeyed outside of its root")
    func environmentOfBase() throws {
        let base = try DockerBuild.base.archive
        try Program.output(["install", "-m", "644", base, machine.path("base.tar")])
        let pwned = machine.path("pwned")
        try machine.spec([
            "fromImage": "base.tar", "enableFakechroot": true, "fakeRootCommands": "echo $GOOD > /good",
            "config": ["Env": ["bash", "-c", "echo outside > \(pwned)", "LD_PRELOAD=/no/such.so", "GOOD=yes"]],
        ])
        let outcome = try machine.shell("$DOCKERTOOLS layered spec.json -o out/image.tar")
        #expect(outcome.status == 0 || outcome.failure != nil, "\(outcome.errors)")
        #expect(!outcome.errors.contains("LD_PRELOAD"))
        #expect(!FileManager.default.fileExists(atPath: pwned))
    }

    @Test("fakeroot keeps owners in a user namespace with a single ID")
    func singleID() throws {
        try machine.spec(["extraCommands": "mkdir -p home/jane", "fakeRootCommands": "chown 1000:1000 home/jane"])
        let outcome = try machine.shell(
            """
            chmod -R a+rwX .
            setpriv --reuid 4242 --regid 4242 --clear-groups unshare --user --map-user=1000 --map-group=1000 \
                $DOCKERTOOLS layered spec.json -o out/image.tar --quiet &&
                tar -xOf out/image.tar layers/001.tar | tar -tv --numeric-owner
            """)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.text.contains("1000/1000"))
    }
}
