import Foundation
import TestSupport

/// Images of a test's own, and the daemon that they are loaded into.
struct LoadFixture {
    /// What `load --json` prints.
    struct Loaded: Decodable {
        struct Part: Decodable, Equatable {
            let layers: Int
            let bytes: Int
        }

        let name: String?
        let tag: String?
        let imageID: String
        let output: String
        let size: Int
        let layers: [BuiltImage.Layer]
        let sent: Part
        let spared: Part
    }

    let machine: TestMachine
    let docker: DockerDaemon
    /// A name that no other test's image has.
    let name = "load-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"

    /// A spec with two store paths of 1 MB that no other image has, and a directory with a program.
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

    /// Loads, which must succeed.
    func loaded(_ arguments: [String], host: String? = nil, environment: [String: String] = [:]) throws -> Loaded {
        let command = arguments + ["--json", "--quiet"]
        let outcome = try load(command, host: host, environment: environment)
        guard outcome.status == 0 else { throw Program.Failed(command, outcome) }
        return try JSONDecoder().decode(Loaded.self, from: Data(outcome.output))
    }
}
