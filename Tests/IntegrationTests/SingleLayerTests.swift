import Foundation
import TestSupport
import Testing

@Suite("Images with a single layer")
struct SingleLayerTests {
    private let bench: Workbench
    private var store: NixStore { bench.store }

    init() throws {
        bench = try Workbench()
    }

    private func names(_ image: BuiltImage) throws -> [String] {
        try image.members(ofLayer: -1).map { line in
            String(line.split(separator: " ", maxSplits: 6)[6])
        }
    }

    /// The text of a file in the layer.
    private func text(_ name: String, _ image: BuiltImage) throws -> String {
        let script = """
            import json, sys, tarfile
            archive = tarfile.open(sys.argv[1])
            layers = json.load(archive.extractfile("manifest.json"))[0]["Layers"]
            layer = tarfile.open(fileobj=archive.extractfile(layers[-1]))
            sys.stdout.buffer.write(layer.extractfile(sys.argv[2]).read())
            """
        return String(decoding: try Program.python(script, [image.output, name]), as: UTF8.self)
    }

    @Test("The layer has copies of contents, and the store paths that those refer to")
    func contents() throws {
        let docker = try DockerDaemon.shared
        let image = try bench.build(
            """
            {"name": "copied", "tag": "1", "contents": ["\(store["busybox"])", "\(store["hello"])"],
             "config": {"Cmd": ["/bin/hello"]}}
            """)
        #expect(image.layers.count == 1)
        // hello refers to busybox and base-data; nothing refers to hello.
        #expect(image.layers[0].storePaths == [store["baseData"], store["busybox"]].sorted())
        let members = try image.members(ofLayer: 0)
        #expect(members.contains { $0.hasPrefix("- 0555 0:0 root:root 1 ") && $0.hasSuffix(" bin/hello") })
        #expect(members.contains { $0.hasSuffix(" bin/hi -> hello") })
        #expect(!members.contains { $0.contains(" nix/store/") && $0.contains("hello-2.10") })
        try docker.load(image.output)
        #expect(try docker.runImage(image.reference) == "Hello, world!\n")
    }

    @Test("The layer has a store path of contents only if something refers to it")
    func selfReference() throws {
        let own = try bench.build("{\"name\": \"own\", \"contents\": \"\(store["mirror"])\"}")
        #expect(own.layers[0].storePaths == [store["mirror"]])
        let named = try bench.build(
            "{\"name\": \"named\", \"contents\": \"\(store["twins"])\", \"extraCommands\": \"echo \(store["twins"]) > at\"}"
        )
        #expect(named.layers[0].storePaths == [store["twins"]])
        let none = try bench.build("{\"name\": \"none\", \"contents\": \"\(store["twins"])\"}")
        #expect(none.layers[0].storePaths == [])
    }

    @Test("Later contents win, and a file is copied to the root")
    func laterWins() throws {
        try bench.write("1", to: "one/etc/file")
        try bench.write("1", to: "one/kind")
        try bench.write("2", to: "two/etc/file")
        try bench.write("2", to: "two/kind/inner")
        let image = try bench.build(
            "{\"name\": \"met\", \"contents\": [\"one\", \"\(store["baseData"])\", \"two\", \"two/etc/file\"]}")
        #expect(try text("etc/file", image) == "2")
        #expect(try text("kind/inner", image) == "2")
        #expect(try text("file", image) == "2")
        #expect(try text("base-data.txt", image) == "a single file\n")
    }

    @Test("keepContentsDirlinks decides whether links to directories are replaced or followed")
    func dirlinks() throws {
        try bench.write("x", to: "one/usr/bin/x")
        try Program.output(["ln", "-s", "usr/bin", bench.directory.path("one/bin")])
        try bench.write("y", to: "two/bin/y")
        func image(_ keeps: Bool) throws -> BuiltImage {
            try bench.build(
                "{\"name\": \"links\", \"contents\": [\"one\", \"two\"], \"keepContentsDirlinks\": \(keeps)}")
        }
        #expect(try names(image(false)) == ["bin/", "bin/x", "bin/y", "usr/", "usr/bin/", "usr/bin/x"].map(stripped))
        #expect(
            try names(image(true)) == ["bin -> usr/bin", "usr/", "usr/bin/", "usr/bin/x", "usr/bin/y"].map(stripped))
    }

    /// Removes a final slash: Python's tarfile lists directories without it.
    private func stripped(_ name: String) -> String { name.hasSuffix("/") ? String(name.dropLast()) : name }

    @Test("Hard links, modes, extended attributes and file capabilities of directories are kept")
    func attributes() throws {
        try bench.write("tool", to: "plain/tool")
        let path = bench.directory.path("plain/tool")
        try Program.output(["chmod", "4711", path])
        try Program.output(["ln", path, bench.directory.path("plain/again")])
        try Program.output(["setcap", "cap_net_raw+ep", path])
        try Program.output(["setfattr", "-n", "user.note", "-v", "a note", path])
        let docker = try DockerDaemon.shared
        for commands in ["", "touch made"] {
            let image = try bench.build(
                """
                {"name": "kept", "tag": "1", "contents": "plain", "extraCommands": "\(commands)", "uid": 7, "gid": 8,
                 "uname": "me", "gname": "us"}
                """)
            let members = try image.members(ofLayer: -1)
            #expect(members.contains("- 4711 7:8 me:us 1 4 again"))
            #expect(members.contains("h 4711 7:8 me:us 1 0 tool -> again"))
            try docker.load(image.output)
            let container = try docker.output(["create", image.reference, "/none"]).dropLast()
            let exported = bench.directory.path("exported.tar")
            try docker.output(["export", "--output", exported, String(container)])
            try docker.output(["rm", String(container)])
            let script = """
                import sys, tarfile
                for member in tarfile.open(sys.argv[1], errors="surrogateescape"):
                    if member.name in ("again", "tool"):
                        value = member.pax_headers.get("SCHILY.xattr.security.capability", "")
                        print(member.name, oct(member.mode & 0o7777), member.uid, value.encode("utf-8", "surrogateescape").hex())
                """
            let shown = String(decoding: try Program.python(script, [exported]), as: UTF8.self)
            // cap_net_raw is capability 13: bit 0x2000 of the permitted set (linux/capability.h, vfs_cap_data).
            let capability = "0100000200200000000000000000000000000000"
            #expect(shown == "again 0o4711 7 \(capability)\ntool 0o4711 7 \(capability)\n")
        }
    }

    @Test("Commands with quotes and parentheses work, and stop at a failure")
    func commands() throws {
        let image = try bench.build(
            #"{"name": "quoted", "extraCommands": "echo \"it's (so)\" > 'a \"(b)\" c'; mkdir -m 700 d"}"#)
        #expect(try text(#"a "(b)" c"#, image) == "it's (so)\n")
        #expect(try image.members(ofLayer: 0).contains("d 0700 0:0 root:root 1 0 d"))
        let path = try bench.write(#"{"name": "fails", "extraCommands": "true\nfalse\necho never"}"#, to: "fails.json")
        let outcome = try bench.run(["build", path])
        #expect(outcome.status == 1)
        #expect(!outcome.errors.contains("never"))
        #expect(!FileManager.default.fileExists(atPath: bench.directory.path("fails.tar.gz")))
    }

    @Test("The archive has the same bytes in any place and environment")
    func sameBytes() throws {
        try bench.write("x", to: "plain/b/x")
        try bench.write("y", to: "plain/a-b")
        try Program.output(["ln", bench.directory.path("plain/a-b"), bench.directory.path("plain/z")])
        try bench.write("{\"name\": \"below\", \"contents\": \"\(store["busybox"])\"}", to: "below.json")
        let spec = try bench.write(
            """
            {"name": "same", "fromImage": "below.json", "contents": ["\(store["greeter"])", "plain"],
             "extraCommands": "mkdir -p made; echo made > made/file; ln -s /x made/link"}
            """, to: "spec.json")
        func archive(_ format: [String], _ script: String) throws -> [UInt8] {
            let command = [Dockertools.path, "build", spec, "-o", "-"] + format
            return try store.output(["bash", "-euc", "cd \"$0\"; \(script)", bench.directory.path] + command)
        }
        let formats = [["--compressor", "none"], ["--compressor", "gz"], ["--format", "oci-archive"]]
        let scripts = [
            "exec taskset -c 0 \"$@\"", "umask 077; exec \"$@\"",
            "mkdir other; TMPDIR=$PWD/other TZ=Pacific/Auckland LC_ALL=C exec \"$@\"",
        ]
        for format in formats {
            let expected = try archive(format, "exec \"$@\"")
            #expect(expected.count > 1000)
            for script in scripts {
                let isSame = try archive(format, "rm -rf other; " + script) == expected
                #expect(isSame, "\(format) \(script)")
            }
            let file = bench.directory.path("image")
            _ = try bench.run(["build", spec, "-o", file] + format)
            let isSame = try bench.directory.read("image") == expected
            #expect(isSame, "\(format) to a file")
        }
    }

    @Test("Docker, skopeo and umoci read the OCI formats", arguments: ["none", "gz", "zstd"])
    func formats(compressor: String) throws {
        let spec = """
            {"name": "formed/\(compressor)", "tag": "1", "contents": ["\(store["busybox"])", "\(store["hello"])"],
             "config": {"Cmd": ["/bin/hello"]}}
            """
        let options = ["--compressor", compressor, "--format"]
        let archive = try bench.build(spec, options + ["oci-archive"], output: "oci.tar")
        let layout = try bench.build(spec, options + ["oci-layout"], output: "layout")
        #expect(archive.imageID == layout.imageID)
        let suffix = ["none": "", "gz": "+gzip", "zstd": "+zstd"][compressor] ?? ""
        for source in ["oci-archive:\(archive.output)", "oci:\(layout.output):1"] {
            let manifest = try Program.output(["skopeo", "inspect", "--raw", source])
            #expect(String(decoding: manifest, as: UTF8.self).contains("vnd.oci.image.layer.v1.tar\(suffix)\""))
            let config = try Program.output(["skopeo", "inspect", "--config", "--raw", source])
            #expect(String(decoding: config, as: UTF8.self).contains(archive.layers[0].diffID))
        }
        #expect(try bench.run(["inspect", "oci:\(layout.output):1"]).text.contains(archive.imageID))
        #expect(try bench.run(["inspect", archive.output]).text.contains(archive.imageID))
        // Docker 20.10 and Debian 12's umoci do not support zstd.
        guard compressor != "zstd" else { return }
        let docker = try DockerDaemon.shared
        try docker.load(archive.output)
        #expect(try docker.runImage(archive.reference) == "Hello, world!\n")
        #expect(try docker.inspect(archive.reference, "{{.Id}}") == archive.imageID)
        let bundle = bench.directory.path("bundle")
        try Program.output(["umoci", "unpack", "--image", "\(layout.output):1", bundle])
        #expect(FileManager.default.fileExists(atPath: "\(bundle)/rootfs/bin/hello"))
    }
}
