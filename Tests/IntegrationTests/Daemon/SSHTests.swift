import Foundation
import TestSupport
import Testing

/// Tests of daemons that are reached by ssh, with OpenSSH's server and a real daemon behind it.
@Suite("Docker by ssh")
struct SSHTests {
    private let fixture: LoadFixture
    private let server: SSHServer
    private var docker: DockerDaemon { fixture.docker }
    private var address: String { "ssh://root@build:\(server.port)" }

    init() throws {
        fixture = try LoadFixture()
        server = try SSHServer.shared
    }

    private func load(_ arguments: [String], host: String? = nil) throws -> Program.Outcome {
        try fixture.load(["spec.json"] + arguments, host: host, environment: server.environment)
    }

    @Test("An image is loaded, and then only its changed layer; it is read back")
    func loads() throws {
        let first = try fixture.loaded(["spec.json"], host: address, environment: server.environment)
        #expect(first.output == address)
        #expect(first.sent.layers == 3)
        #expect(try docker.runImage("\(fixture.name):1") == "first\n")
        try fixture.machine.write("second\n", to: "files/word")
        let socket = address + docker.host.dropFirst("unix://".count)
        let second = try fixture.loaded(
            ["spec.json", "--set", "tag=2", "--host", socket], environment: server.environment)
        #expect(second.output == socket)
        #expect(second.sent.layers == 1)
        #expect(try docker.inspect("\(fixture.name):2", "{{.Id}}") == second.imageID)
        let read = try fixture.machine.run(
            ["inspect", "docker-daemon:\(fixture.name):2", "--json"],
            environment: server.environment.merging(["DOCKER_HOST": address]) { $1 })
        #expect(read.text.contains(second.imageID))
        #expect(try fixture.machine.leftovers.isEmpty)
    }

    @Test("docker's context may name such a daemon")
    func context() throws {
        let config = fixture.machine.path("docker-config")
        let docker = ["docker", "--config", config]
        try Program.output(docker + ["context", "create", "far", "--docker", "host=\(address)"])
        try Program.output(docker + ["context", "use", "far"])
        let outcome = try fixture.load(
            ["spec.json", "--json", "--quiet"], host: "",
            environment: server.environment.merging(["DOCKER_CONFIG": config]) { $1 })
        #expect(outcome.status == 0)
        #expect(try outcome.decode(LoadedImage.self).output == address)
    }

    @Test("What ssh, or docker on the other machine, writes to standard error is the cause")
    func failures() throws {
        let unknown = try load([], host: "ssh://root@127.0.0.1:1")
        #expect(unknown.status == 69)
        #expect(unknown.failure?.what == "cannot use the Docker daemon at ssh://root@127.0.0.1:1")
        #expect(unknown.failure?.cause.contains("port 1: Connection refused") == true)
        #expect(unknown.failure?.fix.contains("-l root -p 1 -- 127.0.0.1 docker system dial-stdio`") == true)
        let user = try load([], host: "ssh://nobody-there@build:\(server.port)")
        #expect(user.failure?.cause.contains("Permission denied") == true)
        let socket = try load([], host: "\(address)/none.sock")
        #expect(socket.status == 69)
        #expect(socket.failure?.cause.contains("/none.sock: connect: no such file or directory") == true)
        let missing = try fixture.load(["spec.json"], host: address, environment: ["PATH": "/nowhere"])
        #expect(missing.status == 69)
        #expect(missing.failure?.cause == "the program ssh is not in PATH")
        #expect(missing.failure?.fix == "install it: apt-get install openssh-client")
        let option = try load([], host: "ssh://-oProxyCommand=touch%20x")
        #expect(option.status == 64)
        #expect(try fixture.machine.leftovers.isEmpty)
    }

    @Test("ssh ends with the program, even if that is killed")
    func ends() throws {
        try fixture.machine.makeDirectory("bin")
        try fixture.machine.write("#!/bin/sh\necho $$ > ssh.pid; exec sleep 1000\n", to: "bin/ssh")
        let outcome = try fixture.machine.shell(
            """
            set -e; chmod 755 bin/ssh
            "$DOCKERTOOLS" load spec.json & program=$!
            until [ -s ssh.pid ]; do kill -0 $program; sleep 0.05; done
            kill -KILL $program; wait $program || :
            # A process that has ended and was not waited for has no executable.
            while readlink /proc/$(cat ssh.pid)/exe; do sleep 0.05; done > /dev/null
            echo gone
            """,
            environment: ["DOCKER_HOST": "ssh://build", "PATH": "\(fixture.machine.path("bin")):/usr/bin:/bin"])
        #expect(outcome.text.hasSuffix("gone\n"))
    }

    @Test("Several daemons get an image side by side; the failure of one does not stop the others")
    func several() throws {
        let podman = try PodmanService.shared
        // podman has layers of other tests.
        try fixture.machine.write("\(fixture.name)\n", to: "files/word")
        let good = try load(["--host", address, "--host", podman.host])
        #expect(good.status == 0)
        #expect(good.text == "\(address) \(fixture.name):1\n\(podman.host) \(fixture.name):1\n")
        #expect(good.errors.contains("\(address): sent 3 of 3 layers"))
        #expect(good.errors.contains("\(podman.host): sent 3 of 3 layers"))
        let mixed = try load(["--host", "unix:///none.sock", "--host", address, "--set", "tag=2"])
        #expect(mixed.status == 69)
        #expect(mixed.text == "\(address) \(fixture.name):2\n")
        #expect(mixed.errors.contains("error: cannot use the Docker daemon at unix:///none.sock"))
        let json = try load(["--json", "--host", "unix:///none.sock", "--host", address])
        #expect(json.status == 69)
        let hosts = try json.decode([String: [Host]].self)["hosts"]
        #expect(hosts?.map(\.output) == ["unix:///none.sock", address])
        #expect(hosts?.map { $0.error?.code } == ["unavailable", nil])
        #expect(hosts?.last?.sent?.layers == 0)
        let none = try load(["--host", "unix:///none.sock", "--host", "tcp://127.0.0.1:1"])
        #expect(none.status == 69)
        #expect(none.output.isEmpty)
        #expect(try load(["--host", address, "--host", "fd://"]).status == 64)
    }

    /// A member of `hosts`.
    private struct Host: Decodable {
        struct Failure: Decodable { let code: String }
        let output: String
        let error: Failure?
        let sent: LoadedImage.Part?
    }
}
