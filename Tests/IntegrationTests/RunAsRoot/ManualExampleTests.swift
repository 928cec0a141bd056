import Foundation
import TestSupport
import Testing

/// Tests of the examples in nixpkgs' manual, on a Debian base.
@Suite("runAsRoot in the examples of the manual")
struct ManualExampleTests {
    private let bench: RunAsRootBench

    init() throws {
        bench = try RunAsRootBench()
    }

    @Test("The redis image answers a ping")
    func redis() throws {
        let docker = try DockerDaemon.shared
        let archive = try bench.built([
            "name": "manual/redis", "tag": "latest", "fromImage": try DebianBase.archive,
            "runAsRoot": "#!/bin/bash\nmkdir -p /data\n",
            "config": [
                "Cmd": ["/usr/bin/redis-server"], "WorkingDir": "/data", "Volumes": ["/data": [String: String]()],
            ],
        ])
        #expect(try RunAsRootBench.layer(of: archive) == ["d 0755 0:0 'data'"])
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

    @Test("shadowSetup allows a script to add a user")
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
        // Only files of users and groups, useradd's log of logins, and the directory: nothing of the guest's.
        let names = try RunAsRootBench.layer(of: archive).compactMap { $0.split(separator: "'").dropFirst().first }
        let tops = Set(names.compactMap { $0.split(separator: "/").first })
        #expect(tops == ["data", "etc", "var"] || tops == ["data", "etc"], "\(names)")
    }
}
