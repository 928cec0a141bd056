import Foundation
import TestSupport
import Testing

/// The examples of nixpkgs' manual, on a Debian base.
@Suite("The manual's examples of runAsRoot")
struct ManualExampleTests {
    private let bench: RootRunBench

    init() throws {
        bench = try RootRunBench()
    }

    @Test("make a redis that answers")
    func redis() throws {
        let docker = try DockerDaemon.shared
        let archive = try bench.built([
            "name": "manual/redis", "tag": "latest", "fromImage": try DebianBase.archive,
            "runAsRoot": "#!/bin/bash\nmkdir -p /data\n",
            "config": [
                "Cmd": ["/usr/bin/redis-server"], "WorkingDir": "/data", "Volumes": ["/data": [String: String]()],
            ],
        ])
        #expect(try RootRunBench.layer(of: archive) == ["d 0755 0:0 'data'"])
        try docker.load(archive)
        let container = try docker.output(["run", "--detach", "--network", "none", "manual/redis:latest"]).dropLast()
        defer { _ = try? docker.output(["rm", "--force", String(container)]) }
        var answer = ""
        for _ in 0..<600 where answer != "PONG\n" {
            answer = try docker.run(["exec", String(container), "redis-cli", "ping"]).text
            usleep(100_000)
        }
        #expect(answer == "PONG\n")
        #expect(try docker.output(["exec", String(container), "pwd"]) == "/data\n")
    }

    @Test("make a user and what is his")
    func shadow() throws {
        let docker = try DockerDaemon.shared
        let archive = try bench.built([
            "name": "manual/shadow-basic", "fromImage": try DebianBase.archive,
            "runAsRoot": """
            #!/bin/bash
            ${shadowSetup}
            groupadd -r redis
            useradd -r -g redis redis
            mkdir /data
            chown redis:redis /data

            """,
        ])
        try docker.load(archive)
        let owner = try docker.runImage("manual/shadow-basic:1", ["stat", "-c", "%U:%G", "/data"])
        #expect(owner == "redis:redis\n")
        #expect(try docker.runImage("manual/shadow-basic:1", ["id", "-gn", "redis"]) == "redis\n")
        // Files of users and groups, a log of logins that useradd extends, and the directory: nothing of the machine's.
        let names = try RootRunBench.layer(of: archive).compactMap { $0.split(separator: "'").dropFirst().first }
        let tops = Set(names.compactMap { $0.split(separator: "/").first })
        #expect(tops == ["data", "etc", "var"] || tops == ["data", "etc"], "\(names)")
    }
}
