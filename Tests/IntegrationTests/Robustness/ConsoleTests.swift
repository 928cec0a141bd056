import Foundation
import TestSupport
import Testing

@Suite("Console output")
struct ConsoleTests {
    private let machine: TestMachine
    private let path: String

    init() throws {
        machine = try TestMachine()
        path = try machine.store("a", "one", ["file": [1, 2, 3]])
        try machine.graph([(path, [])])
        try machine.spec(["contents": [path], "closure": "graph.json", "name": "some/image", "tag": "v1"])
    }

    @Test("--quiet hides everything on standard error, including warnings and the output of scripts")
    func quiet() throws {
        try machine.spec([
            "contents": [path, "root\(path)/file"], "closure": "graph.json", "config": ["Unknown": 1],
            "extraCommands": "echo said; echo louder >&2",
        ])
        let loud = try machine.run(["layered", "spec.json", "-o", "out/image.tar"])
        #expect(loud.status == 0)
        #expect(loud.output == Array("out/image.tar\n".utf8))
        for text in ["warning: config.Unknown", "warning: contents have /file more than once", "said\n", "louder\n"] {
            #expect(loud.errors.contains(text), "\(loud.errors)")
        }
        let quiet = try machine.layered()
        #expect(quiet.status == 0)
        #expect(quiet.output == loud.output)
        #expect(quiet.errors == "")
        let failed = try machine.layered(["--set", "extraCommands=exit 1"])
        #expect(failed.errors.hasPrefix("error: extraCommands failed\n"))
    }

    @Test("Without a terminal, each layer gets one line")
    func lines() throws {
        let outcome = try machine.run(["stream", "spec.json"])
        #expect(outcome.status == 0)
        #expect(
            outcome.errors == """
                layer 1/2  10.2 kB  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-one
                layer 2/2  10.2 kB  customization layer

                """)
        #expect(outcome.output.count > 20_000)
        #expect(outcome.output.starts(with: "layers/001.tar".utf8))
    }

    @Test("On a terminal, a bar shows the layer, bytes and rate, and is removed at the end")
    func bar() throws {
        try machine.write([UInt8](repeating: 5, count: 3 << 20), to: "root\(path)/file")
        // The reader is slow, so that a rate is shown.
        let terminal = String(
            decoding: try Program.python(
                """
                import fcntl, os, pty, struct, subprocess, sys, termios, time
                ours, theirs = pty.openpty()
                fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 90, 0, 0))
                program = subprocess.Popen(sys.argv[2:], cwd=sys.argv[1], stdin=subprocess.DEVNULL,
                                           stdout=subprocess.PIPE, stderr=theirs)
                os.close(theirs)
                received = os.read(ours, 4096)
                time.sleep(0.5)
                program.stdout.read()
                while True:
                    try:
                        more = os.read(ours, 4096)
                    except OSError:
                        break
                    if not more:
                        break
                    received += more
                assert program.wait() == 0
                sys.stdout.buffer.write(received)
                """, [machine.directory.path, Dockertools.path, "stream", "spec.json"]), as: UTF8.self)
        let clear = "\r\u{1B}[K"
        #expect(terminal.hasPrefix(clear))
        #expect(terminal.hasSuffix(clear))
        #expect(!terminal.contains("\n"))
        let drawn = terminal.components(separatedBy: clear).filter { !$0.isEmpty }
        #expect(drawn.allSatisfy { $0.count < 90 && $0.hasPrefix("[") })
        #expect(drawn.first?.contains("] 1/2  0 B  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-one") == true)
        #expect(drawn.contains { $0.contains(/\] 1\/2  \d+\.\d MB  \d+(\.\d)? [kM]?B\/s  a{32}-one/) }, "\(drawn)")
        #expect(drawn.contains { $0.contains("2/2") && $0.hasSuffix("customization layer") })
    }

    @Test("--json and --json-file have the documented form")
    func json() throws {
        let outcome = try machine.layered(["--json", "--json-file", "out/result.json"])
        #expect(outcome.status == 0)
        #expect(outcome.output == (try machine.directory.read("out/result.json")))
        let result = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output)) as? [String: Any])
        #expect(Set(result.keys) == ["name", "tag", "imageID", "output", "size", "layers"])
        #expect(result["name"] as? String == "some/image")
        #expect(result["tag"] as? String == "v1")
        #expect(result["output"] as? String == "out/image.tar")
        let archive = try machine.directory.read("out/image.tar")
        #expect(result["size"] as? Int == archive.count)
        let sums = try machine.shell(
            """
            set -e; mkdir image; tar -xf out/image.tar -C image; cd image
            for layer in $(python3 -c 'import json; print(*json.load(open("manifest.json"))[0]["Layers"])'); do
            sha256sum < $layer | cut -c 1-64; stat -c %s $layer; done
            sha256sum < $(python3 -c 'import json; print(json.load(open("manifest.json"))[0]["Config"])') | cut -c 1-64
            """
        ).text.split(separator: "\n").map(String.init)
        try #require(sums.count == 5)
        #expect(result["imageID"] as? String == "sha256:\(sums[4])")
        let layers = try #require(result["layers"] as? [[String: Any]])
        try #require(layers.count == 2)
        for (number, layer) in layers.enumerated() {
            #expect(Set(layer.keys) == ["diffID", "size", "storePaths"])
            #expect(layer["diffID"] as? String == "sha256:\(sums[2 * number])")
            #expect(layer["size"] as? Int == Int(sums[2 * number + 1]))
        }
        #expect(layers[0]["storePaths"] as? [String] == [path])
        #expect(layers[1]["storePaths"] as? [String] == [])

        let streamed = try machine.run(["stream", "spec.json", "--quiet", "--json-file", "out/stream.json"])
        #expect(streamed.output == archive)
        let output = String(decoding: try machine.directory.read("out/stream.json"), as: UTF8.self)
        #expect(output == outcome.text.replacing("out/image.tar", with: "-"))
    }

    @Test("Special files in contents are packed as they are; a socket is skipped with a warning")
    func oddFiles() throws {
        let script = """
            mkdir odd; cd odd; mkfifo fifo; mknod null c 1 3; touch empty; ln -s loop loop; ln -s two one; ln -s one two
            printf x > "$(printf 'not-\\xff-text')"; mkdir "$(printf '\\xfe')"; chmod 4755 empty
            python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
            """
        #expect(try machine.shell(script).status == 0)
        try machine.spec(["contents": ["odd"]])
        let outcome = try machine.run(["layered", "spec.json", "-o", "out/image.tar"])
        #expect(outcome.status == 0)
        #expect(outcome.errors.hasPrefix("warning: socket is a socket, which a layer cannot hold: left out\n"))
        let listing = try machine.shell(
            "tar -xOf out/image.tar --wildcards 'layers/*.tar' | LC_ALL=C tar -tvf - | cut -c 1-10,47-")
        let lines = try machine.shell(
            """
            tar -xOf out/image.tar --wildcards 'layers/*.tar' > layer.tar; python3 -c '
            import tarfile
            for m in tarfile.open("layer.tar"): print(m.type.decode(), oct(m.mode), ascii(m.name), m.linkname)'
            """
        ).text.split(separator: "\n")
        #expect(listing.status == 0)
        #expect(
            lines == [
                "0 0o4755 'empty' ", "6 0o644 'fifo' ", "2 0o777 'loop' loop", #"0 0o644 'not-\udcff-text' "#,
                "3 0o644 'null' ", "2 0o777 'one' two", "2 0o777 'two' one", #"5 0o755 '\udcfe' "#,
            ])
        // A script gets no device of this machine.
        let scripted = try machine.layered(["--set", "extraCommands=true"])
        #expect(scripted.status == 65)
        #expect(scripted.failure?.cause == "it is a device or a FIFO, which scripts on this machine cannot have")
    }

    @Test("A directory with a name that is not UTF-8 can be the current one, and contents through a link")
    func directoryOfOddName() throws {
        let outcome = try machine.shell(
            """
            odd=$(printf 'n\\xff'); mkdir -p "$odd/plain"; touch "$odd/plain/file"; ln -s "$odd/plain" link
            echo '{"name": "x", "contents": ["link"]}' > linked.json; cp linked.json "$odd/spec.json"; sed -i s/link/plain/ "$odd/spec.json"
            $DOCKERTOOLS layered linked.json -o out/linked.tar --no-build-args --quiet || exit 1
            cd "$odd"; $DOCKERTOOLS layered spec.json -o image.tar --no-build-args --quiet || exit 2; cmp image.tar ../out/linked.tar
            """)
        #expect(outcome.status == 0, "\(outcome.errors)")
    }
}
