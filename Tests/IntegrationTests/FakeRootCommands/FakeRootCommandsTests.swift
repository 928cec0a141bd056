import Foundation
import TestSupport
import Testing

@Suite("fakeRootCommands")
struct FakeRootCommandsTests {
    private let machine: TestMachine

    init() throws { machine = try TestMachine() }

    /// A script with everything that needs root, and names of every kind.
    private static let all = #"""
        id -u > id
        echo text > owned; chown 1000:1001 owned; chmod 6755 owned; ln owned twin
        echo text > nobody; chown 99999 nobody; echo text > capable; setcap cap_net_bind_service=ep capable
        mknod null c 1 3; mknod disk b 8 1; chown 0:6 disk; mkfifo -m 600 fifo; chown 7 fifo
        mkdir -p -m 1777 directory/inner; chown 5:6 directory/inner; ln -s /nowhere link; chown -h 8:9 link
        touch -- -dash 'sp ace' '"quoted"' $'new\nline' $'bytes\xFF\x80' 'ü'
        """#

    @Test("Every method of emulation gives the same bytes", arguments: Caller.emulatingRoot)
    func methods(_ caller: Caller) throws {
        try machine.spec(["fakeRootCommands": Self.all])
        let members = try machine.customizationLayer(as: caller)
        #expect(
            members == [
                #"-rw-r--r-- 0/0 0 "quoted""#, "-rw-r--r-- 0/0 0 -dash", #"-rw-r--r-- 0/0 0 bytes\377\200"#,
                "-rw-r--r--* 0/0 5 capable", " x: 20 security.capability", "drwxr-xr-x 0/0 0 directory/",
                "drwxrwxrwt 5/6 0 directory/inner/", "brw-r--r-- 0/6 8,1 disk", "prw------- 7/0 0 fifo",
                "-rw-r--r-- 0/0 2 id",
                "lrwxrwxrwx 8/9 0 link -> /nowhere",
                #"-rw-r--r-- 0/0 0 new\nline"#, "-rw-r--r-- 99999/0 5 nobody", "crw-r--r-- 0/0 1,3 null",
                "-rwsr-sr-x 1000/1001 5 owned", "-rw-r--r-- 0/0 0 sp ace", "hrwsr-sr-x 1000/1001 0 twin link to owned",
                #"-rw-r--r-- 0/0 0 \303\274"#,
            ])
        let bytes = try machine.directory.read("out/image.tar")
        #expect(try machine.layered(as: caller == .root ? .fakeroot : .root, output: "out/other.tar").status == 0)
        #expect(try machine.directory.read("out/other.tar") == bytes)
        #expect(try machine.leftovers == ["out/image.tar", "out/other.tar"])
    }

    @Test("A user namespace alone supports everything but devices, with the same bytes")
    func namespace() throws {
        try machine.spec([
            "fakeRootCommands":
                "touch a b; chown 1000:1001 a; chmod 4755 a; setcap cap_net_raw=ep b; mkfifo c; chmod 1644 c"
        ])
        #expect(
            try machine.customizationLayer(as: .namespace) == [
                "-rwsr-xr-x 1000/1001 0 a", "-rw-r--r--* 0/0 0 b", " x: 20 security.capability", "prw-r--r-T 0/0 0 c",
            ])
        let bytes = try machine.directory.read("out/image.tar")
        #expect(try machine.layered(as: .root).status == 0)
        #expect(try machine.directory.read("out/image.tar") == bytes)
        try machine.spec(["fakeRootCommands": "mknod null c 1 3"])
        let outcome = try machine.layered(as: .namespace)
        #expect(outcome.status == 1)
        #expect(outcome.failure?.cause.contains("mknod: null: Operation not permitted") == true)
    }

    @Test("Files of contents and of extraCommands belong to the spec's owner", arguments: Caller.emulatingRoot)
    func owners(_ caller: Caller) throws {
        try machine.write("c", to: "plain/etc/kept")
        try machine.write("c", to: "plain/etc/taken")
        _ = try machine.shell("chmod -R u=rwX,go=rX plain; chmod 4755 plain/etc/kept")
        try machine.spec([
            "contents": "plain", "extraCommands": "echo e > extra", "uid": 1000, "gid": 1001, "uname": "me",
            "gname": "us",
            "fakeRootCommands": "stat -c '%u:%g %a %n' etc etc/* extra; touch new; chown 0:0 etc/taken; chown 7 extra",
        ])
        let outcome = try machine.shell("exec $DOCKERTOOLS layered spec.json -o out/image.tar", as: caller)
        #expect(
            outcome.errors.hasPrefix(
                "1000:1001 755 etc\n1000:1001 4755 etc/kept\n1000:1001 644 etc/taken\n1000:1001 644 extra\n"))
        #expect(
            try machine.customizationLayer() == [
                "drwxr-xr-x 1000/1001 0 etc/", "-rwsr-xr-x 1000/1001 1 etc/kept", "-rw-r--r-- 0/0 1 etc/taken",
                "-rw-r--r-- 7/1001 2 extra", "-rw-r--r-- 0/0 0 new",
            ])
    }

    @Test("The root directory is in the layer only if a script changes it", arguments: Caller.emulatingRoot)
    func root(_ caller: Caller) throws {
        try machine.spec(["fakeRootCommands": "chmod 755 .; chown 0:0 ."])
        #expect(try machine.customizationLayer(as: caller) == [])
        try machine.spec(["fakeRootCommands": "chmod 1750 .; chown 3:4 ."])
        #expect(try machine.customizationLayer(as: caller) == ["drwxr-x--T 3/4 0 ./"])
    }

    @Test("Directories and links of the base stay unchanged, unless a script changes them")
    func base() throws {
        try machine.spec(
            [
                "extraCommands": "mkdir -p usr/bin etc data; chmod 2750 data; ln -s usr/bin bin; touch etc/old",
                "fakeRootCommands": "chown 1:2 data; chown 3 etc",
            ], to: "base.json")
        #expect(try machine.run(["layered", "base.json", "-o", "base.tar", "--quiet"]).status == 0)
        try machine.spec([
            "fromImage": "base.tar",
            "fakeRootCommands": "mkdir -m 755 data etc bin; touch data/x bin/tool; ln bin/tool bin/twin; chmod 700 etc",
        ])
        #expect(
            try machine.customizationLayer(as: .fakeroot) == [
                "-rw-r--r-- 0/0 0 usr/bin/tool", "hrw-r--r-- 0/0 0 usr/bin/twin link to usr/bin/tool",
                "drwxr-s--- 1/2 0 data/", "-rw-r--r-- 0/0 0 data/x", "drwx------ 0/0 0 etc/",
            ])
    }

    @Test("Every verb runs the script")
    func verbs() throws {
        try machine.spec(["fakeRootCommands": "echo text > file; chown 1:2 file"])
        let digest = "sha256:[0-9a-f]{64}"
        let outcome = try machine.shell(
            """
            $DOCKERTOOLS layered spec.json -o out/image.tar --quiet --json | grep -oE 'imageID":"\(digest)'
            $DOCKERTOOLS stream spec.json --quiet > out/stream.tar; cmp out/image.tar out/stream.tar
            $DOCKERTOOLS plan spec.json --quiet | grep -c customization
            $DOCKERTOOLS export spec.json --quiet -o - | tar --numeric-owner -tv | grep -o '1/2'
            """, as: .fakeroot)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.text.split(separator: "\n").dropFirst() == ["1", "1/2"])
        #expect(try machine.leftovers == ["out/image.tar", "out/stream.tar"])
    }

    @Test("A capability set by the script works in a container")
    func container() throws {
        let docker = try DockerDaemon.shared
        try machine.spec([
            "name": "fakeroot/capable", "tag": "1",
            "fakeRootCommands":
                "cp $(type -P busybox) busybox; cp busybox of-user; chown 5:6 of-user; setcap cap_net_bind_service=ep busybox",
        ])
        #expect(try machine.layered(as: .namespaceAndFakeroot).status == 0)
        try docker.load(machine.path("out/image.tar"))
        let user = ["--user", "1000"]
        let status = ["/busybox", "grep", "CapEff", "/proc/self/status"]
        #expect(try docker.runImage("fakeroot/capable:1", status, options: user) == "CapEff:\t0000000000000400\n")
        let owner = ["/busybox", "stat", "-c", "%u:%g", "/of-user"]
        #expect(try docker.runImage("fakeroot/capable:1", owner) == "5:6\n")
    }
}
