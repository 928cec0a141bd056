import Foundation
import TestSupport
import Testing

@Suite("Images in Docker")
struct DockerImageTests {
    private let bench: Workbench
    private let docker: DockerDaemon
    private var store: NixStore { bench.store }

    init() throws {
        bench = try Workbench()
        docker = try DockerDaemon.shared
    }

    @Test("The image has the spec's run-time configuration")
    func configuration() throws {
        let image = try bench.loaded(
            """
            {"name": "configured", "tag": "t", "contents": "\(store["busybox"])", "architecture": "amd64",
             "config": {"Env": ["A=1", "B=x y=z"], "Cmd": ["-c", "echo $A $B; pwd"], "Entrypoint": ["/bin/sh", "-e"],
                        "WorkingDir": "/work", "Volumes": {"/data": {}}, "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
                        "Labels": {"a.b": "ü \\"c\\""}, "StopSignal": "SIGINT", "User": "7:8",
                        "Healthcheck": {"Test": ["CMD", "/bin/true"], "Interval": 30000000000, "Retries": 3}}}
            """, into: docker)
        let expected = [
            "Env": #"["A=1","B=x y=z"]"#,
            "Cmd": #"["-c","echo $A $B; pwd"]"#,
            "Entrypoint": #"["/bin/sh","-e"]"#,
            "WorkingDir": #""/work""#,
            "Volumes": #"{"/data":{}}"#,
            "ExposedPorts": #"{"53/udp":{},"80/tcp":{}}"#,
            "Labels": #"{"a.b":"ü \"c\""}"#,
            "StopSignal": #""SIGINT""#,
            "User": #""7:8""#,
            "Healthcheck": #"{"Test":["CMD","/bin/true"],"Interval":30000000000,"Retries":3}"#,
        ]
        for (key, value) in expected {
            #expect(try docker.inspect(image.reference, "{{json .Config.\(key)}}") == value)
        }
        #expect(try docker.inspect(image.reference, "{{.Architecture}} {{.Os}}") == "amd64 linux")
        #expect(try docker.runImage(image.reference) == "1 x y=z\n/work\n")
    }

    @Test("Without a tag in the spec, the tag changes only with the image")
    func noTag() throws {
        let spec = "{\"name\": \"tagless\", \"config\": {\"User\": \"USER\"}}"
        let first = try bench.loaded(spec, into: docker)
        #expect(try first.tag.wholeMatch(of: Regex("[0-9abcdfghijklmnpqrsvwxyz]{32}")) != nil)
        #expect(try docker.output(["images", "--format", "{{.Tag}}", "tagless"]) == first.tag + "\n")
        let again = try bench.layered(spec, ["--compressor", "zstd", "--no-build-args"])
        #expect(again.tag == first.tag)
        #expect(try bench.layered(spec, ["--set", "config.User=other"]).tag != first.tag)
        // The first 160 bits of the image ID.
        let base32 = try store.output([
            "nix-hash", "--type", "sha1", "--to-base32", String(first.imageID.dropFirst(7).prefix(40)),
        ])
        #expect(String(decoding: base32, as: UTF8.self) == first.tag + "\n")
    }

    @Test("created sets the creation time")
    func created() throws {
        func created(_ more: String, _ environment: [String: String] = [:]) throws -> (String, String) {
            let spec = "{\"name\": \"aged\", \"tag\": \"t\", \"extraCommands\": \"echo > file\"\(more)}"
            let image = try bench.layered(spec, environment: environment)
            try docker.load(image.output)
            let file = try #require(try image.members(ofLayer: -1).last)
            return (try docker.inspect("aged:t", "{{.Created}}"), String(file.split(separator: " ")[4]))
        }
        #expect(try created("") == ("1970-01-01T00:00:01Z", "1"))
        #expect(try created(", \"created\": \"2020-02-02T02:02:02+01:00\"") == ("2020-02-02T01:02:02Z", "1"))
        #expect(try created(", \"mtime\": \"2001-09-09T01:46:40Z\"") == ("1970-01-01T00:00:01Z", "1000000000"))
        let epoch = ["SOURCE_DATE_EPOCH": "1234567890"]
        #expect(try created("", epoch) == ("2009-02-13T23:31:30Z", "1234567890"))
        #expect(
            try created(", \"created\": \"1970-01-01T00:00:01Z\"", epoch) == ("1970-01-01T00:00:01Z", "1234567890"))
        let before = Date().timeIntervalSince1970.rounded(.down)
        let now = try created(", \"created\": \"now\", \"mtime\": \"now\"", epoch)
        let after = Date().timeIntervalSince1970
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions.insert(.withFractionalSeconds)
        let time = try #require(formatter.date(from: now.0)).timeIntervalSince1970
        #expect((before...after).contains(time))
        #expect((before...after).contains(try #require(Double(now.1))))
    }

    @Test("An image can run as another user than root")
    func otherUser() throws {
        let image = try bench.loaded(
            """
            {"name": "unprivileged", "contents": "\(store["busybox"])",
             "config": {"User": "1000:1000", "Cmd": ["/bin/sh", "-c", "id -u; stat -c '%a %u' /nix /nix/store /bin"]}}
            """, into: docker)
        #expect(try docker.runImage(image.reference) == "1000\n755 0\n755 0\n755 0\n")
    }

    @Test("An image can be empty")
    func empty() throws {
        let image = try bench.loaded("{\"name\": \"empty\"}", into: docker)
        #expect(image.layers.count == 1)
        #expect(image.layers.first?.storePaths == [])
        #expect(
            try docker.inspect(image.reference, "{{.Id}} {{.RootFS.Layers}}")
                == "\(image.imageID) [\(image.layers[0].diffID)]")
        #expect(try image.members(ofLayer: 0) == [])
    }

    @Test("An image can leave its store paths out and find them in a volume")
    func noStorePaths() throws {
        let image = try bench.loaded(
            """
            {"name": "storeless", "contents": "\(store["hello"])", "includeStorePaths": false,
             "config": {"Cmd": ["\(store["hello"])/bin/hello"]}}
            """, into: docker)
        #expect(image.layers.map(\.storePaths) == [[]])
        #expect(try !image.members(ofLayer: 0).contains { $0.contains(" nix") })
        let store = ["--volume", "\(bench.store.root)/nix/store:/nix/store:ro"]
        #expect(try docker.runImage(image.reference, options: store) == "Hello, world!\n")
        #expect(try docker.runImage(image.reference, ["/bin/hi"], options: store) == "Hello, world!\n")
    }

    @Test("Images with the same store paths share their layers")
    func sharedLayers() throws {
        let hello = try bench.loaded("{\"name\": \"sharing-a\", \"contents\": \"\(store["hello"])\"}", into: docker)
        let libs = try bench.loaded(
            "{\"name\": \"sharing-b\", \"contents\": [\"\(store["libC"])\", \"\(store["hello"])\"]}", into: docker)
        let layers = try [hello, libs].map { image in
            Set(try docker.inspect(image.reference, "{{join .RootFS.Layers \" \"}}").split(separator: " "))
        }
        let shared = Set(["hello", "busybox", "baseData"].map { [store[$0]] })
        #expect(
            layers[0].intersection(layers[1])
                == Set(hello.layers.filter { shared.contains($0.storePaths) }.map { Substring($0.diffID) }))
        #expect(layers[0].intersection(layers[1]).count == 3)
    }

    @Test("The name may have a registry with a port, and is lower-cased")
    func registryPrefix() throws {
        let image = try bench.loaded("{\"name\": \"localhost:5000/Team/Hello\", \"tag\": \"V1\"}", into: docker)
        #expect(image.name == "localhost:5000/team/hello")
        #expect(try docker.inspect("localhost:5000/team/hello:V1", "{{.Id}}") == image.imageID)
        let bare = try bench.run(["layered", bench.write("{\"name\": \"localhost:5000/Team/Hello\"}", to: "s.json")])
        #expect(bare.text == "hello.tar.gz\n")
    }

    @Test("The image names its architecture")
    func architecture() throws {
        let image = try bench.loaded(
            "{\"name\": \"arm\", \"architecture\": \"arm64\", \"variant\": \"v8\"}", into: docker)
        #expect(try docker.inspect(image.reference, "{{.Architecture}} {{.Variant}} {{.Os}}") == "arm64 v8 linux")
    }

    @Test("The examples of the manual work")
    func manual() throws {
        let contents = try bench.loaded("{\"name\": \"hello\", \"contents\": [\"\(store["hello"])\"]}", into: docker)
        #expect(
            try contents.members(ofLayer: -1) == [
                "d 0755 0:0 root:root 1 0 bin",
                "l 0777 0:0 root:root 1 0 bin/hello -> \(store["hello"])/bin/hello",
                "l 0777 0:0 root:root 1 0 bin/hi -> hello",
                "d 0755 0:0 root:root 1 0 share", "d 0755 0:0 root:root 1 0 share/hello",
                "l 0777 0:0 root:root 1 0 share/hello/README -> \(store["hello"])/share/hello/README",
                "l 0777 0:0 root:root 1 0 share/hello/data -> \(store["baseData"])",
            ])
        #expect(try docker.runImage(contents.reference, ["/bin/hi"]) == "Hello, world!\n")
        let config = try bench.loaded(
            "{\"name\": \"hello\", \"config\": {\"Cmd\": [\"\(store["hello"])/bin/hello\"]}}", into: docker)
        #expect(
            Set(config.layers.flatMap(\.storePaths)) == Set(["hello", "busybox", "baseData"].map { store[$0] }))
        #expect(try config.members(ofLayer: -1) == [])
        #expect(try docker.runImage(config.reference) == "Hello, world!\n")
    }
}
