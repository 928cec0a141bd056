import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Images on base images")
struct BaseImageTests {
    private let bench: Workbench
    private let docker: DockerDaemon
    private let base: DockerBuild
    private var store: NixStore { bench.store }

    init() throws {
        bench = try Workbench()
        docker = try DockerDaemon.shared
        base = try DockerBuild.base
    }

    private func layers(_ name: String) throws -> [String] {
        try docker.inspect(name, "{{join .RootFS.Layers \" \"}}").split(separator: " ").map(String.init)
    }

    @Test(
        "An image has the base's layers, unchanged, below its own, and the base's history",
        arguments: ["build", "layered"])
    func layersOfTheBase(verb: String) throws {
        let spec = """
            {"name": "on-docker-\(verb)", "tag": "1", "fromImage": "\(base.archive)", "contents": "\(store["hello"])",
             "config": {"Cmd": ["sh", "-c", "cat /etc/two /etc/dir; hello"]}}
            """
        let image = verb == "build" ? try bench.build(spec) : try bench.layered(spec)
        try docker.load(image.output)
        let below = try layers(base.name)
        #expect(below.count == 3)
        #expect(try Array(layers(image.reference).prefix(3)) == below)
        #expect(image.layers.map(\.diffID).prefix(3) == below.prefix(3))
        if verb == "build" { #expect(image.layers.count == 4) }
        let history = try docker.output(["history", "--no-trunc", "--format", "{{.CreatedBy}}", image.reference])
        #expect(history.contains("RUN") || history.contains("/bin/sh -c rm -r /etc/dir"))
        #expect(try docker.runImage(image.reference) == "two\nfile\nHello, world!\n")
    }

    @Test("Links to directories in the base are kept")
    func linkedDirectories() throws {
        let image = try bench.build(
            """
            {"name": "usrmerged", "tag": "1", "fromImage": "\(base.archive)", "contents": "\(store["hello"])",
             "config": {"Cmd": ["sh", "-c", "readlink /bin; ls -l /usr/bin/hello /bin/sh | wc -l; stat -c %a /tmp"]}}
            """)
        #expect(image.layers.count == 4)
        let members = try image.members(ofLayer: -1)
        #expect(members.contains { $0.contains(" usr/bin/hello") })
        #expect(!members.contains { $0.contains(" bin") })
        try docker.load(image.output)
        #expect(try docker.runImage(image.reference, ["readlink", "/bin"]) == "usr/bin\n")
        #expect(try docker.runImage(image.reference, ["/bin/hello"]) == "Hello, world!\n")
        #expect(try docker.runImage(image.reference, ["stat", "-c", "%a", "/tmp", "/usr/bin/suid"]) == "1777\n4755\n")
    }

    @Test("An image inherits Env, or with inheritConfig all of the config")
    func inheritance() throws {
        func config(_ more: String) throws -> [String: Any] {
            let image = try bench.layered(
                """
                {"name": "heir", "fromImage": "\(base.archive)", "config": {"Env": ["BASE=mine", "NEW=1"]}\(more)}
                """)
            let text = try bench.run(["inspect", "--json", image.output]).output
            let object = try #require(try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any])
            return try #require(object["config"] as? [String: Any])
        }
        let own = try config("")
        #expect(own["Env"] as? [String] == ["PATH=/usr/bin", "BASE=mine", "NEW=1"])
        #expect(own.keys.sorted() == ["Env"])
        let all = try config(", \"inheritConfig\": true")
        #expect(all["Env"] as? [String] == ["PATH=/usr/bin", "BASE=mine", "NEW=1"])
        #expect(all["Cmd"] as? [String] == ["cat", "/etc/one"])
        #expect(all["Labels"] as? [String: String] == ["from": "docker"])
    }

    @Test("build works on layered and layered on layered; a base with two layers and maxLayers 4 gives four layers")
    func onLayered() throws {
        let first = try bench.layered(
            """
            {"name": "below", "tag": "1", "contents": "\(store["busybox"])", "maxLayers": 2, "config": {"Env": ["A=1"]}}
            """, output: "below.tar")
        #expect(first.layers.count == 2)
        let second = try bench.layered(
            """
            {"name": "above", "tag": "1", "fromImage": "below.tar", "contents": "\(store["hello"])", "maxLayers": 4}
            """, output: "above.tar")
        #expect(second.layers.count == 4)
        let third = try bench.build(
            #"{"name": "top", "tag": "1", "fromImage": "above.tar", "extraCommands": "echo top > file"}"#)
        #expect(third.layers.count == 5)
        #expect(third.layers.prefix(4).map(\.diffID) == second.layers.map(\.diffID))
        try docker.load(third.output)
        #expect(
            try docker.runImage(third.reference, ["/bin/sh", "-c", "cat /file; hello; echo $A"])
                == "top\nHello, world!\n1\n")
        let path = try bench.write(
            "{\"name\": \"x\", \"fromImage\": \"above.tar\", \"contents\": \"\(store["hello"])\", \"maxLayers\": 5}",
            to: "few.json")
        let outcome = try bench.run(["layered", path])
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("the base image takes 4 layers and the customization layer 1"))
    }

    @Test("Another spec can be the base; it is built first")
    func specAsBase() throws {
        try bench.write("{\"name\": \"below\", \"contents\": \"\(store["busybox"])\"}", to: "below.json")
        let fromSpec = try bench.build(
            #"{"name": "top", "tag": "1", "fromImage": "below.json", "extraCommands": "echo top > file"}"#,
            output: "a.tar.gz")
        _ = try bench.layered("{\"name\": \"below\", \"contents\": \"\(store["busybox"])\"}", output: "below.tar")
        let fromArchive = try bench.build(
            #"{"name": "top", "tag": "1", "fromImage": "below.tar", "extraCommands": "echo top > file"}"#,
            output: "b.tar.gz")
        #expect(fromSpec.imageID == fromArchive.imageID)
        try bench.write(#"{"name": "a", "fromImage": "loop-b.json"}"#, to: "loop-a.json")
        try bench.write(#"{"name": "b", "fromImage": "loop-a.json"}"#, to: "loop-b.json")
        let outcome = try bench.run(["layered", "loop-a.json"])
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("form a cycle"))
    }

    @Test("A store path in the base's layers is not added again")
    func dependenciesOfTheBase() throws {
        _ = try bench.layered("{\"name\": \"below\", \"contents\": \"\(store["hello"])\"}", output: "below.tar")
        let image = try bench.build(
            """
            {"name": "top", "fromImage": "below.tar", "config": {"Cmd": ["\(store["hello"])/bin/hello"],
             "Env": ["OTHER=\(store["libA"])"]}}
            """)
        // It refers to base-data too, as hello does.
        #expect(image.layers.last?.storePaths == [store["libA"]])
    }

    @Test("A layer that the base repeats stays repeated")
    func repeatedLayer() throws {
        let script = """
            import hashlib, io, json, sys, tarfile
            layers, names = [], ["a", "b", "a"]
            for name in names:
                out = io.BytesIO()
                with tarfile.open(fileobj=out, mode="w") as tar:
                    info = tarfile.TarInfo(name); info.size = 2
                    tar.addfile(info, io.BytesIO(b"x\\n"))
                layers.append(out.getvalue())
            diffs = ["sha256:" + hashlib.sha256(l).hexdigest() for l in layers]
            config = json.dumps({"architecture": "amd64", "os": "linux", "config": {},
                                 "rootfs": {"type": "layers", "diff_ids": diffs}}).encode()
            manifest = [{"Config": "c.json", "RepoTags": ["r:1"], "Layers": [n + "/layer.tar" for n in names]}]
            with tarfile.open(sys.argv[1], "w") as tar:
                for name, body in [("a/layer.tar", layers[0]), ("b/layer.tar", layers[1]), ("c.json", config),
                                   ("manifest.json", json.dumps(manifest).encode())]:
                    info = tarfile.TarInfo(name); info.size = len(body)
                    tar.addfile(info, io.BytesIO(body))
            """
        _ = try Program.python(script, [bench.directory.path("repeated.tar")])
        let image = try bench.layered(#"{"name": "again", "tag": "1", "fromImage": "repeated.tar"}"#)
        #expect(image.layers.count == 4)
        #expect(image.layers[0].diffID == image.layers[2].diffID)
        try docker.load(image.output)
        #expect(try layers("again:1") == image.layers.map(\.diffID))
    }

    @Test("fromImageName chooses one of several images; an unknown name lists the images of the archive")
    func chosenBase() throws {
        for name in ["one", "two"] {
            _ = try bench.layered(
                "{\"name\": \"\(name)\", \"tag\": \"1\", \"config\": {\"Env\": [\"N=\(name)\"]}}", output: "\(name).tar"
            )
            try docker.load(bench.directory.path("\(name).tar"))
        }
        let both = bench.directory.path("both.tar")
        try docker.output(["save", "--output", both, "one:1", "two:1"])
        func spec(_ more: String) -> String { "{\"name\": \"chosen\", \"fromImage\": \"both.tar\"\(more)}" }
        func env(_ more: String) throws -> String {
            let image = try bench.layered(spec(more), output: "chosen.tar")
            return try bench.run(["inspect", image.output]).text.split(separator: "\n")
                .first { $0.hasPrefix("Env") }.map(String.init) ?? ""
        }
        #expect(try env(", \"fromImageName\": \"two\"").hasSuffix("N=two"))
        #expect(try env(", \"fromImageName\": \"one\", \"fromImageTag\": \"1\"").hasSuffix("N=one"))
        let path = try bench.write(spec(", \"fromImageName\": \"three\""), to: "three.json")
        let outcome = try bench.run(["layered", path])
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("it contains no image named 'three'"))
        #expect(outcome.errors.contains("one:1") && outcome.errors.contains("two:1"))
    }

    @Test("The architecture is the base's unless it is set; a mismatch is reported")
    func architecture() throws {
        _ = try bench.layered(#"{"name": "arm", "architecture": "arm64", "variant": "v8"}"#, output: "arm.tar")
        let heir = try bench.layered(#"{"name": "heir", "fromImage": "arm.tar"}"#, output: "heir.tar")
        let shown = try bench.run(["inspect", "--json", heir.output]).text
        #expect(shown.contains(#""architecture":"arm64""#))
        let path = try bench.write(#"{"name": "x", "fromImage": "arm.tar", "architecture": "amd64"}"#, to: "x.json")
        let outcome = try bench.run(["layered", path])
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("builds an image for amd64 on a base for arm64"))
    }

    @Test("An image with 120 layers loads, and so does an image built on it")
    func deepChain() throws {
        let script = """
            import hashlib, io, json, sys, tarfile
            layers = []
            for number in range(120):
                out = io.BytesIO()
                with tarfile.open(fileobj=out, mode="w") as tar:
                    info = tarfile.TarInfo("f%d" % number); info.size = 1
                    tar.addfile(info, io.BytesIO(b"x"))
                    info = tarfile.TarInfo("last"); info.size = 3
                    tar.addfile(info, io.BytesIO(b"%03d" % number))
                layers.append(out.getvalue())
            config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers",
                "diff_ids": ["sha256:" + hashlib.sha256(l).hexdigest() for l in layers]}}).encode()
            manifest = [{"Config": "c.json", "RepoTags": ["deep:1"], "Layers": ["%d.tar" % n for n in range(120)]}]
            with tarfile.open(sys.argv[1], "w") as tar:
                files = [("%d.tar" % n, body) for n, body in enumerate(layers)]
                for name, body in files + [("c.json", config), ("manifest.json", json.dumps(manifest).encode())]:
                    info = tarfile.TarInfo(name); info.size = len(body)
                    tar.addfile(info, io.BytesIO(body))
            """
        _ = try Program.python(script, [bench.directory.path("deep.tar")])
        let image = try bench.build(
            """
            {"name": "deeper", "tag": "1", "fromImage": "deep.tar", "contents": "\(store["busybox"])",
             "config": {"Cmd": ["/bin/sh", "-c", "cat /last"]}}
            """)
        #expect(image.layers.count == 121)
        try docker.load(image.output)
        #expect(try docker.runImage(image.reference) == "119")
    }

    @Test("The topmost of three layers wins")
    func upperWins() throws {
        var below = "below.json"
        try bench.write("{\"name\": \"below\", \"contents\": \"\(store["busybox"])\"}", to: below)
        for number in 1...3 {
            let image = try bench.build(
                """
                {"name": "upper", "tag": "1", "fromImage": "\(below)", "extraCommands": "echo \(number) > number"}
                """, output: "upper\(number).tar")
            below = "upper\(number).tar"
            try docker.load(image.output)
            #expect(try docker.runImage(image.reference, ["/bin/cat", "/number"]) == "\(number)\n")
        }
    }

    @Test("An image on a base can run a server")
    func serves() throws {
        try bench.write("served\n", to: "www/page/index.html")
        let image = try bench.build(
            """
            {"name": "server", "tag": "1", "contents": ["\(store["busybox"])", "www"],
             "config": {"Cmd": ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/page"],
                        "ExposedPorts": {"8080/tcp": {}}}}
            """)
        try docker.load(image.output)
        let container = String(try docker.output(["run", "--detach", "--network", "none", image.reference]).dropLast())
        let fetch = ["exec", container, "/bin/busybox", "wget", "-q", "-O", "-", "http://127.0.0.1:8080/"]
        // The server needs a moment until it listens.
        var answer = try docker.run(fetch)
        for _ in 0..<50 where answer.status != 0 {
            usleep(100_000)
            answer = try docker.run(fetch)
        }
        try docker.output(["rm", "--force", container])
        #expect(answer.text == "served\n")
    }

    @Test("An output cannot replace its base, and inspect takes a spec")
    func baseIsInput() throws {
        _ = try bench.build(#"{"name": "below", "extraCommands": "echo > f"}"#, output: "below.tar")
        let spec = try bench.write(#"{"name": "top", "tag": "2", "fromImage": "below.tar"}"#, to: "top.json")
        for verb in ["build", "layered"] {
            let outcome = try bench.run([verb, spec, "-o", "below.tar"])
            #expect(outcome.status == 65)
            #expect(outcome.errors.contains("it is also an input"))
        }
        let made = try bench.run(["layered", spec, "-o", "top.tar", "--quiet"])
        #expect(made.status == 0)
        let fromSpec = try bench.run(["inspect", spec, "--quiet"])
        #expect(fromSpec.status == 0)
        #expect(try fromSpec.text == bench.run(["inspect", "top.tar"]).text)
    }
}
