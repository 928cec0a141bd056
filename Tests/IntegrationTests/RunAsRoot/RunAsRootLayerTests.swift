import Foundation
import TestSupport
import Testing

@Suite("Layer of runAsRoot")
struct RunAsRootLayerTests {
    private let bench: RunAsRootBench

    init() throws {
        bench = try RunAsRootBench()
    }

    @Test("The layer has the same bytes every time, and no traces of the virtual machine")
    func sameBytes() throws {
        let spec: [String: Any] = [
            "contents": try bench.makeBusybox(), "mtime": "2001-02-03T04:05:06Z",
            "runAsRoot": """
            mkdir -p /var/lib/many; for i in $(seq 50); do echo $i > /var/lib/many/$i; done
            ls -d /dev /proc /sys /tmp; test -c /dev/null; test -d /proc/1; touch /dev/gone /tmp/gone; rm /tmp/gone
            """,
        ]
        let first = try bench.built(spec, output: "out/first.tar")
        let second = try bench.built(spec, ["--vm-cpus", "1"], output: "out/second.tar")
        #expect(try bench.machine.directory.read("out/first.tar") == bench.machine.directory.read("out/second.tar"))
        let names = try RunAsRootBench.layer(of: first)
        #expect(
            !names.contains {
                $0.contains("'dev") || $0.contains("'proc") || $0.contains("'sys") || $0.contains("'tmp")
            })
        #expect(names.contains("d 0755 0:0 'var/lib/many'"))
        let times = try Program.python(
            """
            import json, sys, tarfile
            archive = tarfile.open(sys.argv[1])
            layer = json.load(archive.extractfile("manifest.json"))[0]["Layers"][-1]
            print(sorted({int(info.mtime) for info in tarfile.open(fileobj=archive.extractfile(layer))}))
            """, [second])
        #expect(String(decoding: times, as: UTF8.self) == "[981173106]\n")
    }

    @Test("The script sees base layers, contents and the store paths of the closure")
    func whatTheScriptSees() throws {
        let machine = bench.machine
        let hello = try machine.store("a", "hello", ["bin/hello": Array("#!/bin/sh\necho hello from the store\n".utf8)])
        let unused = try machine.store("b", "unused")
        try machine.graph([(hello, []), (unused, [])])
        try Program.output(["chmod", "755", machine.path("root\(hello)/bin/hello")])
        try machine.write("of contents\n", to: "tree/etc/greeting")
        try machine.spec(["name": "base", "tag": "1", "contents": try bench.makeBusybox()], to: "base.json")
        let script = """
            \(hello)/bin/hello > /said; cat /etc/greeting; ls /nix/store
            if touch \(hello)/x; then exit 9; fi
            """
        let outcome = try bench.build(
            [
                "fromImage": "base.json", "contents": machine.path("tree"), "closure": "graph.json",
                "runAsRoot": script,
                "extraCommands": "pwd; ls -d .; cat said; echo more > more; test -e /bin/busybox; test -e /said",
                "uid": 1000, "gid": 1001, "uname": "ann", "gname": "users",
            ], [], environment: [:])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = try RunAsRootBench.layer(of: machine.path("out/image.tar"))
        let names = lines.map { $0.split(separator: " ").prefix(4).joined(separator: " ") }
        // The script only runs the program: nothing in the image names its store path.
        #expect(
            names == [
                "d 0755 1000:1001 'etc'", "- 0644 1000:1001 'etc/greeting'", "- 0644 0:0 'more'",
                "- 0644 0:0 'said'",
            ])
    }

    @Test("The script gets the image's environment, as root, in its own namespaces, without a network")
    func surroundings() throws {
        let archive = try bench.built([
            "contents": try bench.makeBusybox(), "config": ["Env": ["GREETING=hello world", "HOME=/somewhere"]],
            "runAsRoot": """
            echo "$PATH|$GREETING|$HOME|$SOURCE_DATE_EPOCH|$(id -u)|$(hostname)|$(umask)|$(pwd)|$0" > /said
            numbers=$(ls /proc); echo "$numbers" | grep -c '^[0-9]' >> /said; ls /sys/class/net >> /said; ls /dev | tr '\\n' ' ' >> /said
            if wget -q -O - http://10.0.2.2; then exit 9; fi; if cat; then echo no input >> /said; fi
            """,
        ])
        let script = "tar -xOf \"$0\" --wildcards 'layers/*.tar' | tar -xO said"
        let said = String(decoding: try Program.output(["bash", "-c", script, archive]), as: UTF8.self)
        #expect(
            said == """
                /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin|hello world|/somewhere|1|0|localhost|0022|/\
                |/dev/dockertools/runAsRoot
                3
                lo
                dockertools fd full null ptmx pts random shm stderr stdin stdout tty urandom zero no input

                """)
    }

    @Test("The script gets a network on request")
    func network() throws {
        let server = try ScriptedServer { _ in ScriptedServer.Response(200, text: "from the host\n") }
        // The host is 10.0.2.2 in QEMU's user network.
        let archive = try bench.built(
            [
                "contents": try bench.makeBusybox(),
                "runAsRoot": "wget -q -O /answer http://10.0.2.2:\(server.port)/; cat /etc/resolv.conf > /resolver",
            ], ["--vm-network"])
        let layer = try RunAsRootBench.layer(of: archive)
        #expect(layer.contains { $0.contains("'answer'") })
        #expect(!layer.contains { $0.contains("'etc") })
        #expect(server.lines == ["GET /"])
    }

    @Test("Files that a layer cannot hold are named in the error")
    func whatNoLayerHolds() throws {
        let outcome = try bench.build([
            "contents": try bench.makeBusybox(),
            "runAsRoot": "touch /.wh.odd /.wh..wh..opq; mkdir /a; touch /a/.wh.b; nc -l -U /socket & sleep 1 || true",
        ])
        #expect(outcome.status == 0)
        let layer = try RunAsRootBench.layer(of: bench.machine.path("out/image.tar"))
        #expect(!layer.contains { $0.contains(".wh.") })
    }

    @Test("push, load and export of the spec build the same layer")
    func otherVerbs() throws {
        let spec = try bench.machine.spec(
            ["tag": "1", "contents": try bench.makeBusybox(), "closure": NSNull(), "runAsRoot": "echo made > /made"])
        let outcome = try bench.machine.run(["export", spec, "-o", "-", "--quiet", "--accel", "tcg"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let listed = try Program.output(["tar", "-xO", "./made"], input: outcome.output)
        #expect(String(decoding: listed, as: UTF8.self) == "made\n")
    }
}
