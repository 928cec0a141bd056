import Foundation
import TestSupport
import Testing

@Suite("Reproducible archives")
struct ReproducibilityTests {
    private let bench: Workbench
    private let spec: String
    private var store: NixStore { bench.store }

    private static let compressors = ["none", "gz", "zstd"]

    init() throws {
        bench = try Workbench()
        spec = try bench.write(
            """
            {"name": "same", "contents": ["\(bench.store["greeter"])", "plain"], "config": {"Cmd": ["/bin/greet"]},
             "extraCommands": "mkdir -p made/below; echo made > made/below/file; ln -s /x made/link; \
            cp plain-file made/copy; chmod 4711 made/copy; ls > made/list; date -d @0 > made/date; touch made/{a,B,ä}"}
            """, to: "spec.json")
        for name in ["b", "a", "ä", "C"] { try bench.write("of \(name)\n", to: "plain/directory/\(name)") }
        try bench.write("plain\n", to: "plain/plain-file")
        try Program.output(["chmod", "-R", "u=rwX,go=rX", bench.directory.path])
    }

    /// Builds the archive in the test's directory.
    ///
    /// - Parameter script: bash that runs the program's command, `"$@"`, in some environment.
    private func archive(_ compressor: String, _ script: String = "exec \"$@\"") throws -> Bytes {
        let command = [Dockertools.path, "layered", spec, "-o", "-", "--compressor", compressor]
        return Bytes(try store.output(["bash", "-euc", "cd \"$0\"; \(script)", bench.directory.path] + command))
    }

    /// Bytes that a failed test does not print in full.
    private struct Bytes: Equatable, CustomTestStringConvertible {
        let bytes: [UInt8]

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        var testDescription: String { "\(bytes.count) bytes" }
    }

    @Test(
        "The environment does not change the archive",
        arguments: [
            "exec taskset -c 0 \"$@\"",
            "umask 077; exec \"$@\"",
            "umask 0; exec \"$@\"",
            "LC_ALL=C LANG=C exec \"$@\"",
            "LC_ALL=C.UTF-8 LANG=de_DE.UTF-8 exec \"$@\"",
            "TZ=Pacific/Auckland exec \"$@\"",
            "mkdir other; TMPDIR=$PWD/other exec \"$@\"",
            "unset HOME XDG_CACHE_HOME; exec env -u TMPDIR \"$@\"",
            "cp \"$1\" program; chmod 755 program; mkdir -m 777 open; shift; "
                + "TMPDIR=$PWD/open HOME=/ exec setpriv --reuid 65534 --regid 65534 --clear-groups ./program \"$@\"",
            // tmpfs lists names in the order of their creation, the last first.
            "cp -r plain kept; mount -t tmpfs none plain; echo plain > plain/plain-file; mkdir plain/directory; "
                + "for name in C ä a b; do cp kept/directory/$name plain/directory/; done; exec \"$@\"",
            "cp -r plain kept; mount -t tmpfs none plain; mkdir plain/directory; "
                + "for name in a b C ä; do cp kept/directory/$name plain/directory/; done; "
                + "echo plain > plain/plain-file; exec \"$@\"",
            // Digests are cached only for files that have not changed for a minute.
            "cc -shared -fPIC -o clock-ahead.so \(Dockertools.checkout)/Fixtures/clock-ahead.c -ldl; "
                + "export LD_PRELOAD=$PWD/clock-ahead.so XDG_CACHE_HOME=$PWD/cache; \"$@\" > first 2> /dev/null; "
                + "find cache -type f | grep -q .; exec \"$@\"",
            "exec \"$@\" --quiet < /dev/null",
            "exec \"$@\" --json-file result.json",
        ])
    func surroundings(script: String) throws {
        for compressor in Self.compressors {
            let expected = try archive(compressor)
            #expect(expected.bytes.count > 10_000)
            let fresh = "rm -rf other program open kept cache first; "
            #expect(try archive(compressor, fresh + script) == expected, "\(compressor)")
        }
    }

    @Test("JSON and TOML, and file and stream, give the same archive")
    func formsOfSpecAndOutput() throws {
        let plain = try archive("none")
        #expect(try Bytes(store.output([Dockertools.path, "stream", spec])) == plain)
        for compressor in Self.compressors {
            let output = bench.directory.path("image")
            let outcome = try bench.run(["layered", spec, "-o", output, "--compressor", compressor])
            #expect(outcome.text == output + "\n")
            #expect(try Bytes(bench.directory.read("image")) == archive(compressor))
        }
        let gzip = try bench.directory.write(archive("gz").bytes, to: "image.gz")
        #expect(try Bytes(Program.output(["gzip", "-dc", gzip])) == plain)
        let zstd = try bench.directory.write(archive("zstd").bytes, to: "image.zst")
        #expect(try Bytes(Program.output(["zstd", "-dc", zstd])) == plain)

        let convert = """
            import json, sys
            spec = json.load(open(sys.argv[1]))
            print("[config]\\nCmd = " + json.dumps(spec["config"].pop("Cmd")), file=(tail := __import__("io").StringIO()))
            for key in sorted(spec, reverse=True):
                if key != "config":
                    print(key, "=", json.dumps(spec[key], ensure_ascii=False))
            print(tail.getvalue())
            """
        let toml = try bench.directory.write(Program.python(convert, [spec]), to: "spec.toml")
        #expect(try Bytes(store.output([Dockertools.path, "stream", toml])) == plain)
        let input = try store.run(
            [Dockertools.path, "stream", "-"], input: try bench.directory.read("spec.toml"), in: bench.directory.path)
        #expect(Bytes(input.output) == plain)
    }

    @Test("--set gives the same archive as the key in the spec")
    func overrides() throws {
        let image = try bench.layered(
            "{\"name\": \"set\", \"config\": {\"User\": \"nobody\"}, \"uid\": 5}", output: "a")
        let other = try bench.layered(
            "{\"name\": \"other\"}", ["--set", "name=set", "--set", "config.User=nobody", "--set", "uid=5"],
            output: "b")
        #expect(image.imageID == other.imageID)
        #expect(try bench.directory.read("a") == bench.directory.read("b"))
    }
}
