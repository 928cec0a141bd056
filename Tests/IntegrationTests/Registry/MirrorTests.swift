import Foundation
import TestSupport
import Testing

@Suite("Mirrors")
struct MirrorTests {
    private let bench: PullFixture
    /// A registry without any image.
    private let own: ScriptedRegistry
    /// A place in the tests' registry that has the image `team/app:1`.
    private let mirror: String
    private let image: CraftedImage

    init() throws {
        bench = try PullFixture()
        own = try ScriptedRegistry(ScriptedImage(sizes: [1])) { _, _, _ in ScriptedRegistry.Response(404) }
        image = try bench.push("hub/team/app:1", layers: ["one", "two"])
        mirror = "\(bench.name)/hub"
    }

    private var name: String { "\(own.authority)/team/app" }

    /// Writes the configuration of podman.
    ///
    /// - Returns: variables of the environment.
    private func configuration(_ text: String) throws -> [String: String] {
        try bench.directory.write(Array(text.utf8), to: "registries.conf")
        return bench.environment.merging(["CONTAINERS_REGISTRIES_CONF": "registries.conf"]) { $1 }
    }

    private func run(_ arguments: [String], _ environment: [String: String]) throws -> Program.Outcome {
        try Dockertools.run(arguments, environment: environment, in: bench.directory.path)
    }

    @Test("--mirror has the image instead of its registry, which it keeps in its name")
    func commandLine() throws {
        try bench.output([
            "pull", "\(name):1", "--mirror", "\(own.authority)=\(mirror)", "-o", "ours.tar", "--quiet",
        ])
        #expect(own.requests.isEmpty)
        try bench.archive("hub/team/app:1", as: "\(name):1", to: "theirs.tar")
        #expect(try bench.areSame("ours.tar", "theirs.tar"))
        let digest = "\(name)@\(image.digest)"
        #expect(try bench.run(["inspect", "docker://\(digest)", "--mirror", "\(own.authority)=\(mirror)"]).status == 0)
        #expect(own.requests.isEmpty)
    }

    @Test("A mirror that fails is followed by the next one, then by the registry, and each is named")
    func fallback() throws {
        let dead = "127.0.0.1:1/dead"
        let options = ["--mirror", "\(own.authority)=\(dead)", "--mirror", "\(own.authority)=http://\(mirror)"]
        let outcome = try bench.run(["pull", "\(name):1", "-o", "x.tar"] + options)
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("the mirror \(dead)/team/app failed: "))
        let missing = try bench.run(["pull", "\(name):2", "-o", "y.tar"] + options)
        #expect(missing.status == 65)
        #expect(missing.errors.contains("the mirror \(mirror)/team/app failed: "))
        #expect(own.requests("/v2/team/app/manifests/2").count == 1)
    }

    @Test("registries.conf has mirrors, other locations and blocked registries for all verbs")
    func file() throws {
        let digestsOnly = try configuration(
            """
            [[registry]]
            location = "\(own.authority)"
            [[registry.mirror]]
            location = "\(mirror)"
            pull-from-mirror = "digest-only"
            """)
        #expect(try run(["pull", "\(name):1", "-o", "a.tar"], digestsOnly).status == 65)
        #expect(try run(["pull", "\(name)@\(image.digest)", "-o", "b.tar"], digestsOnly).status == 0)
        let moved = try configuration("[[registry]]\nprefix = \"moved.example\"\nlocation = \"\(mirror)\"")
        #expect(try run(["validate", "docker://moved.example/team/app:1"], moved).status == 0)
        let blocked = try configuration("[[registry]]\nlocation = \"\(own.authority)\"\nblocked = true")
        let outcome = try run(["inspect", "docker://\(name):1"], blocked)
        #expect(outcome.status == 69)
        #expect(outcome.errors.contains("'\(bench.directory.path("registries.conf"))' blocks \(own.authority)"))
        #expect(try run(["tags", name], try configuration("[[registry")).status == 65)
    }

    @Test("A push goes to the registry, not to its mirrors")
    func push() throws {
        let copy = "\(bench.name)/pushed:1"
        let options = ["--mirror", "\(bench.registry.name)=\(own.authority)", "--quiet"]
        try bench.output(["push", "docker://\(mirror)/team/app:1", copy] + options)
        #expect(own.requests.allSatisfy { $0.method == "GET" })
        #expect(try bench.run(["inspect", "docker://\(copy)"]).status == 0)
    }

    @Test("A malformed mirror is bad usage")
    func malformed() throws {
        let outcome = try bench.run(["pull", "\(name):1", "--mirror", "docker.io"])
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("cannot use the mirror 'docker.io'"))
    }
}
