import Foundation
import TestSupport

/// The images of one test, and the daemon that they are loaded into.
struct LoadFixture {
    let machine: TestMachine
    let docker: DockerDaemon
    /// A name that no other test uses.
    let name = "load-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"

    /// Writes a spec with two store paths of 1 MB that no other image has, and a directory with a program.
    init() throws {
        machine = try TestMachine()
        docker = try DockerDaemon.shared
        var random = SystemRandomNumberGenerator()
        let paths = try ["a", "b"].map { letter in
            let bytes = (0..<125_000).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
            return try machine.store(Character(letter), letter, ["bytes": bytes])
        }
        try machine.graph([(paths[0], []), (paths[1], [paths[0]])])
        try machine.makeDirectory("files/bin")
        try FileManager.default.copyItem(atPath: "/bin/busybox", toPath: machine.path("files/bin/busybox"))
        try machine.write("first\n", to: "files/word")
        try machine.spec([
            "name": name, "tag": "1", "contents": [paths[1], "files"], "closure": "graph.json",
            "config": ["Cmd": ["/bin/busybox", "cat", "/word"]],
        ])
    }

    func load(_ arguments: [String], host: String? = nil, environment: [String: String] = [:]) throws -> Program.Outcome
    {
        try machine.run(
            ["load"] + arguments, environment: ["DOCKER_HOST": host ?? docker.host].merging(environment) { $1 })
    }

    /// Runs `load`, which must succeed.
    func loaded(_ arguments: [String], host: String? = nil, environment: [String: String] = [:]) throws -> LoadedImage {
        let command = arguments + ["--json", "--quiet"]
        let outcome = try load(command, host: host, environment: environment)
        guard outcome.status == 0 else { throw Program.Failed(command, outcome) }
        return try outcome.decode(LoadedImage.self)
    }
}
