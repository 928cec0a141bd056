import Foundation
import TestSupport
import Testing

@Suite("load")
struct LoadTests {
    private let fixture: LoadFixture
    private var machine: TestMachine { fixture.machine }
    private var docker: DockerDaemon { fixture.docker }

    init() throws { fixture = try LoadFixture() }

    @Test("The daemon gets the same image as from docker load, and its name is printed")
    func likeDocker() throws {
        let outcome = try fixture.load(["spec.json"])
        #expect(outcome.status == 0)
        #expect(outcome.text == "\(fixture.name):1\n")
        #expect(outcome.errors.contains("sent 3 of 3 layers, "))
        let loaded = try docker.inspect("\(fixture.name):1", "{{.Id}} {{json .RootFS.Layers}}")
        #expect(try docker.runImage("\(fixture.name):1") == "first\n")
        try docker.output(["rmi", "\(fixture.name):1"])
        #expect(try machine.layered().status == 0)
        try docker.load(machine.path("out/image.tar"))
        #expect(try docker.inspect("\(fixture.name):1", "{{.Id}} {{json .RootFS.Layers}}") == loaded)
    }

    @Test("Only the changed layer is sent")
    func oneLayer() throws {
        let proxy = try SocketProxy(to: docker.host)
        let first = try fixture.loaded(["spec.json"], host: proxy.host)
        let before = try proxy.sent
        #expect(first.sent.layers == 3)
        #expect(first.sent.bytes > 4_000_000)
        #expect((first.sent.bytes..<first.sent.bytes + 20_000).contains(before))
        #expect(first.spared == .init(layers: 0, bytes: 0))
        try FileManager.default.removeItem(atPath: machine.path("files/bin"))
        try machine.write("second\n", to: "files/word")
        let second = try fixture.loaded(["spec.json", "--set", "tag=2"], host: proxy.host)
        #expect(second.sent.layers == 1)
        #expect(second.spared == .init(layers: 2, bytes: second.layers.prefix(2).reduce(0) { $0 + $1.size }))
        #expect(second.output == proxy.host)
        #expect(second.size == second.sent.bytes)
        #expect(second.layers.count == 3)
        // The layer, and one request for each image of other tests.
        #expect(try proxy.sent - before < 1_000_000)
        #expect(second.sent.bytes < 40_000)
        #expect(try docker.inspect("\(fixture.name):2", "{{.Id}}") == second.imageID)
        let save = try docker.output(["save", "\(fixture.name):2", "--output", machine.path("saved.tar")])
        #expect(save.isEmpty)
        #expect(try machine.run(["validate", "saved.tar"]).status == 0)
    }

    @Test("An image that the daemon has is not sent, and gets its name again")
    func nothing() throws {
        let first = try fixture.loaded(["spec.json"])
        let again = try fixture.load(["spec.json"])
        #expect(again.errors.hasSuffix("has the image already\n"))
        #expect(again.text == "\(fixture.name):1\n")
        try docker.output(["tag", "\(fixture.name):1", "\(fixture.name):kept"])
        try docker.output(["rmi", "\(fixture.name):1"])
        let third = try fixture.loaded(["spec.json"])
        #expect(third.sent == .init(layers: 0, bytes: 0))
        #expect(third.spared.layers == 3)
        #expect(third.imageID == first.imageID)
        #expect(try docker.inspect("\(fixture.name):1", "{{.Id}}") == first.imageID)
    }

    @Test("If only the config is new, only the config is sent")
    func config() throws {
        _ = try fixture.loaded(["spec.json"])
        let other = try fixture.loaded(["spec.json", "--set", "config.User=7", "--set", "tag=user"])
        #expect(other.sent.layers == 0)
        #expect(other.sent.bytes > 0)
        #expect(try docker.inspect("\(fixture.name):user", "{{.Config.User}} {{.Id}}") == "7 \(other.imageID)")
    }

    @Test("Archives of all formats can be loaded, with and without a name")
    func archives() throws {
        var ids: Set<String> = []
        for (format, output) in [("docker-archive", "a.tar"), ("oci-archive", "a.oci"), ("oci-layout", "layout")] {
            let made = try machine.run(["layered", "spec.json", "--format", format, "--compressor", "gz", "-o", output])
            #expect(made.status == 0)
            ids.insert(try fixture.loaded([output]).imageID)
        }
        #expect(ids == [try docker.inspect("\(fixture.name):1", "{{.Id}}")])
        let id = try #require(ids.first)
        try docker.output(["save", id, "--output", machine.path("nameless.tar")])
        try docker.output(["rmi", "--force", id])
        let nameless = try fixture.load(["nameless.tar"])
        #expect(nameless.text == id + "\n")
        #expect(try docker.inspect(id, "{{json .RepoTags}}") == "[]")
    }

    @Test("podman's service gets the layers that it lacks, and nothing if it has the image")
    func podman() throws {
        let podman = try PodmanService.shared
        // podman has layers of other tests.
        try machine.write("\(fixture.name)\n", to: "files/word")
        let first = try fixture.loaded(["spec.json"], host: podman.host)
        #expect(first.sent.layers == 3)
        #expect(try podman.inspect("\(fixture.name):1", "{{.Id}}") == first.imageID.dropFirst("sha256:".count))
        let again = try fixture.loaded(["spec.json"], host: podman.host)
        #expect(again.sent == .init(layers: 0, bytes: 0))
        try machine.write("second\n", to: "files/word")
        let second = try fixture.loaded(["spec.json", "--set", "tag=2"], host: podman.host)
        #expect(second.sent.layers == 1)
        #expect(second.sent.bytes < first.sent.bytes - 2_000_000)
        #expect(try podman.inspect("\(fixture.name):2", "{{.Id}}") == second.imageID.dropFirst("sha256:".count))
        #expect(
            try podman.inspect("\(fixture.name):2", "{{json .RootFS.Layers}}")
                == "[" + second.layers.map { "\"\($0.diffID)\"" }.joined(separator: ",") + "]")
        let read = try machine.run(
            ["inspect", "docker-daemon:\(fixture.name):2", "--json"], environment: ["DOCKER_HOST": podman.host])
        #expect(read.text.contains("\"imageID\":\"\(second.imageID)\""))
    }

    @Test("Memory stays constant")
    func memory() throws {
        try Program.output(["dd", "if=/dev/urandom", "of=\(machine.path("files/large"))", "bs=1M", "count=200"])
        let outcome = try machine.shell(
            "DOCKER_HOST=\(docker.host) python3 -c '\(Self.peak)' $DOCKERTOOLS load spec.json --quiet")
        #expect(outcome.status == 0)
        let kibibytes = try #require(Int(outcome.errors.split(separator: "\n").last ?? ""))
        #expect(kibibytes <= 64 * 1024)
        try docker.output(["rmi", "\(fixture.name):1"])
    }

    /// A script that runs a program and prints its peak resident memory in KiB.
    private static let peak =
        "import os, subprocess, sys; p = subprocess.Popen(sys.argv[1:]); s, u = os.wait4(p.pid, 0)[1:]; "
        + "print(u.ru_maxrss, file=sys.stderr); sys.exit(os.waitstatus_to_exitcode(s))"
}
