import Foundation
import Glibc
import TestSupport
import Testing

@Suite("fakeRootCommands with enableFakechroot")
struct EnableFakechrootTests {
    private let machine: TestMachine

    init() throws { machine = try TestMachine() }

    /// Writes a spec with the image from Docker's own builder as its base.
    private func spec(_ script: String, _ members: [String: Any] = [:]) throws {
        if !FileManager.default.fileExists(atPath: machine.path("base.tar")) {
            let base = try DockerBuild.base.archive
            try Program.output(["install", "-m", "644", base, machine.path("base.tar")])
        }
        let own: [String: Any] = ["fromImage": "base.tar", "enableFakechroot": true, "fakeRootCommands": script]
        try machine.spec(own.merging(members) { $1 })
    }

    @Test("The script sees the base, contents, the store and its own variables", arguments: Caller.mounting)
    func sight(_ caller: Caller) throws {
        let tool = try machine.store("a", "tool", ["text": Array("of the store\n".utf8)])
        try machine.write("of contents\n", to: "plain/etc/contents")
        try spec(
            """
            pwd; id -u; echo $0 $BASE $HOME; cat /etc/one /etc/two /etc/contents /text \(tool)/text
            stat -c '%u:%g' /data; ls /nix/store; echo x > \(tool)/new || echo read-only; echo x > /dev/null
            """, ["contents": [tool, "plain"], "config": ["Env": ["PATH=/bin"]]])
        let outcome = try machine.shell("exec $DOCKERTOOLS layered spec.json -o out/image.tar", as: caller)
        let lines = outcome.errors.split(separator: "\n").map(String.init)
        let first = lines.firstIndex(of: "/") ?? 0
        #expect(
            lines[first...].prefix(11) == [
                "/", "0", "/dev/fakeRootCommands of-docker /root", "one", "two", "of contents", "of the store",
                "of the store", "1000:1001", String(tool.dropFirst("/nix/store/".count)),
                "/dev/fakeRootCommands: line 2: can't create \(tool)/new: Read-only file system",
            ])
        #expect(lines.contains("read-only"))
        #expect(outcome.status == 0)
        #expect(try machine.customizationLayer().contains("-rw-r--r-- 0/0 12 etc/contents"))
        #expect(try machine.leftovers == ["out/image.tar"])
    }

    /// A script that changes files of the base in every way.
    private static let changes = """
        rm /etc/one; rm -r /etc/empty; mkdir /etc/empty; echo new > /etc/empty/file; chown 5:6 /etc/empty/file
        rm -r /data; mkdir -p /new/deep; chown 1000:1001 /new; chmod 4711 /usr/bin/busybox; echo root > /etc/two
        """

    @Test("The layer has the changed files, and whiteouts for the deleted ones", arguments: Caller.mounting)
    func changes(_ caller: Caller) throws {
        try spec(Self.changes)
        let members = try machine.customizationLayer(as: caller)
        #expect(
            members.filter { !$0.hasPrefix("-rws--x--x 0/0") } == [
                "---------- 0/0 0 .wh.data", "drwxr-xr-x 0/0 0 etc/", "drwxr-xr-x 0/0 0 etc/empty/",
                "---------- 0/0 0 etc/empty/.wh..wh..opq", "-rw-r--r-- 5/6 4 etc/empty/file",
                "---------- 0/0 0 etc/.wh.one",
                "-rw-r--r-- 0/0 5 etc/two", "drwxr-xr-x 1000/1001 0 new/", "drwxr-xr-x 0/0 0 new/deep/",
                "drwxr-xr-x 0/0 0 usr/", "drwxr-xr-x 0/0 0 usr/bin/",
            ])
        #expect(members.contains { $0.hasPrefix("-rws--x--x 0/0") && $0.hasSuffix(" usr/bin/busybox") })
        let bytes = try machine.directory.read("out/image.tar")
        #expect(try machine.layered(as: caller == .root ? .namespace : .root).status == 0)
        #expect(try machine.directory.read("out/image.tar") == bytes)
    }

    @Test("Docker runs the image")
    func docker() throws {
        let docker = try DockerDaemon.shared
        try spec(Self.changes, ["name": "fakechroot/changed", "tag": "1"])
        #expect(try machine.layered(as: .namespace).status == 0)
        try docker.load(machine.path("out/image.tar"))
        let script = "ls /etc/empty; cat /etc/two; stat -c %u:%g /new; ls -d /data /etc/one || echo gone"
        #expect(
            try docker.runImage("fakechroot/changed:1", ["sh", "-c", script]) == "file\nroot\n1000:1001\ngone\n")
    }

    @Test("In a user namespace the base's devices are missing for the script and stay in the image")
    func devices() throws {
        let copies = "mkdir bin; cp $(type -P busybox) bin/sh; mknod null c 1 3; ln -s /null link"
        try machine.spec(["fakeRootCommands": copies], to: "base.json")
        #expect(try machine.run(["layered", "base.json", "-o", "base.tar", "--quiet"]).status == 0)
        try spec("ls -d /null > /dev/null || echo made > /made")
        #expect(try machine.customizationLayer(as: .namespace) == ["-rw-r--r-- 0/0 5 made"])
        #expect(try machine.customizationLayer(as: .root) == [])
    }

    @Test("Owners of the base outside the subordinate IDs are named, with status 69")
    func owners() throws {
        try machine.spec(["fakeRootCommands": "touch far; chown 99999 far"], to: "base.json")
        #expect(try machine.run(["layered", "base.json", "-o", "base.tar", "--quiet"]).status == 0)
        try spec("true")
        let outcome = try machine.layered(as: .namespace)
        #expect(outcome.status == 69)
        #expect(outcome.failure?.what == "cannot prepare the files that fakeRootCommands works on")
        #expect(
            outcome.failure?.cause.contains("far: Cannot change ownership to uid 99999, gid 0: Invalid argument")
                == true)
        #expect(try machine.leftovers == [])
    }

    @Test("The first line can name a shell of the closure")
    func shellOfTheStore() throws {
        let tool = try machine.store("a", "shell")
        try Program.output(["cp", "/bin/busybox", machine.path("root\(tool)/sh")])
        try machine.spec(["enableFakechroot": true, "fakeRootCommands": "#!\(tool)/sh\necho $0 > /made"])
        #expect(try machine.customizationLayer(as: .root) == ["-rw-r--r-- 0/0 22 made"])
    }

    @Test("An interpreter that the image lacks is named, with status 1", arguments: ["true", "#!/no/such\ntrue"])
    func noShell(_ script: String) throws {
        try machine.spec(["enableFakechroot": true, "fakeRootCommands": script])
        let outcome = try machine.layered(as: .root)
        #expect(outcome.status == 1)
        #expect(outcome.failure?.what == "cannot run fakeRootCommands")
        #expect(outcome.failure?.cause.hasPrefix("the image has no such interpreter: ") == true)
        #expect(try machine.leftovers == [])
    }

    @Test("Without a way to mount, the status is 69", arguments: [Caller.fakeroot])
    func noNamespace(_ caller: Caller) throws {
        try machine.spec(["enableFakechroot": true, "fakeRootCommands": "true"])
        let outcome = try machine.layered(as: caller)
        #expect(outcome.status == 69)
        #expect(outcome.failure?.what == "cannot run fakeRootCommands with the image as /")
        #expect(outcome.failure?.fix.contains("apt-get install uidmap") == true)
        #expect(try machine.leftovers == [])
    }

    @Test("Nothing is mounted through a symbolic link of the image")
    func links() throws {
        try machine.spec([
            "extraCommands": "ln -s /tmp dev", "enableFakechroot": true, "fakeRootCommands": "true",
        ])
        let outcome = try machine.layered(as: .root)
        #expect(outcome.status == 69)
        #expect(
            outcome.failure?.cause.hasSuffix("the image has no directory at /dev, and nothing can be mounted there")
                == true)
        #expect(try machine.leftovers == [])
    }

    @Test(
        "Failures and signals end the script with its child processes, and leave nothing behind",
        arguments: Caller.mounting, [0, SIGINT, SIGTERM])
    func ends(_ caller: Caller, _ signal: Int32) throws {
        // No other test uses this number of seconds.
        let sleep = "sleep 1000.\(UInt16.random(in: 1000...9999))"
        let end = signal == 0 ? "exit 3" : "sleep 1000"
        try spec("mkdir -m 700 /d; touch /d/x; chown -R 9:9 /d; \(sleep) & echo ready; \(end)")
        let program = try RunningProgram(
            ["layered", "spec.json", "-o", "out/image.tar"], on: machine, as: caller.command(on: machine))
        #expect(program.wait { program.errors.contains("ready\n") } || signal == 0)
        if signal != 0 { program.send(signal) }
        #expect(program.end().status == [0: 1, SIGINT: 130, SIGTERM: 143][signal])
        #expect(try machine.leftovers == [])
        #expect(try machine.shell("pgrep -f '^\(sleep)$'").text == "")
        #expect(try machine.shell("grep \(machine.directory.path) /proc/self/mounts").text == "")
    }
}
