import Errors
import Registry
import SystemPackage
import TestSupport
import Testing

@testable import DockerTools

@Suite("The configuration of registries that podman has")
struct RegistriesConfigurationTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private static let example = """
        unqualified-search-registries = ["docker.io"]
        [[registry]]
        prefix = "docker.io"
        location = "hub.example/all"
        [[registry.mirror]]
        location = "one.example"
        [[registry.mirror]]
        location = "two.example:5000/hub"
        insecure = true
        pull-from-mirror = "digest-only"
        [[registry]]
        location = "docker.io/team"
        blocked = true
        [[registry]]
        prefix = "*.example.com"
        insecure = true
        mirror-by-digest-only = true
        [[registry.mirror]]
        location = "three.example"
        """

    private func configuration(_ text: String) throws -> RegistriesConfiguration {
        var configuration = RegistriesConfiguration()
        try configuration.add(Array(text.utf8), "/r.conf")
        return configuration
    }

    @Test("has a rule for the longest prefix of a name")
    func rules() throws {
        let configuration = try configuration(Self.example)
        let hub = try #require(configuration.rule(for: "docker.io/library/redis"))
        #expect(hub.location == "hub.example/all")
        #expect(hub.mirrors.map(\.location) == ["one.example", "two.example:5000/hub"])
        #expect(hub.mirrors.map(\.use) == [.all, .digests])
        #expect(hub.mirrors.map(\.isInsecure) == [false, true])
        #expect(configuration.rule(for: "docker.io/team/app")?.isBlocked == true)
        #expect(configuration.rule(for: "docker.io/teams/app")?.isBlocked == false)
        let domain = try #require(configuration.rule(for: "a.b.example.com:5000/app"))
        #expect(domain.isInsecure)
        #expect(domain.mirrors.map(\.use) == [.digests])
        #expect(configuration.rule(for: "example.com/app") == nil)
        #expect(configuration.rule(for: "docker.io.evil/app") == nil)
    }

    @Test("replaces the prefix of a name by a location")
    func locations() {
        #expect(
            RepositoryPrefix("docker.io").moved("docker.io/library/a", to: "m.example/x") == "m.example/x/library/a")
        #expect(RepositoryPrefix("q.example/team").moved("q.example/team/a", to: "m.example") == "m.example/a")
        #expect(RepositoryPrefix("*.example").moved("q.example:5000/a", to: "m.org") == "m.org/a")
        #expect(RepositoryPrefix("q.example").moved("q.example:5000/a", to: "m.org") == nil)
    }

    @Test(
        "is refused with the name of the file if it is not valid",
        arguments: [
            ("[[registry", "it is not valid TOML"), ("registry = 1", "registry is not an array of tables"),
            ("[[registry]]\nblocked = true", "neither prefix nor location"),
            ("[[registry]]\nprefix = 1", "prefix is an integer"),
            ("[[registry]]\nlocation = 'a.b'\ninsecure = 'no'", "insecure is a string"),
            ("[[registry]]\nlocation = 'a.b'\n[[registry.mirror]]\ninsecure = true", "has no location"),
            (
                "[[registry]]\nlocation = 'a.b'\n[[registry.mirror]]\nlocation = 'c.d'\npull-from-mirror = 'never'",
                "pull-from-mirror is 'never'"
            ),
        ])
    func invalid(text: String, cause: String) throws {
        let error = try #require(throws: ToolError.self) { try configuration(text) }
        #expect(error.code == .data)
        #expect(error.message.contains("/r.conf"))
        #expect(error.cause.contains(cause))
    }

    private func context(_ environment: [String: String]) -> Context {
        Context(environment: environment, currentDirectory: FilePath(directory.path))
    }

    @Test("is read from the named file, else from the user's, and its directory in any case")
    func files() throws {
        try directory.write(Array("[[registry]]\nlocation = 'named.example'".utf8), to: "named.conf")
        let named = ["CONTAINERS_REGISTRIES_CONF": "named.conf", "HOME": "/nonexistent"]
        #expect(try RegistriesConfiguration.read(context(named)).rule(for: "named.example/a") != nil)
        try Program.output(["mkdir", "-p", directory.path("home/.config/containers/registries.conf.d")])
        try directory.write(
            Array("[[registry]]\nlocation = 'own.example'\nblocked = true\n[[registry]]\nlocation = 'b.example'".utf8),
            to: "home/.config/containers/registries.conf")
        try directory.write(
            Array("[[registry]]\nlocation = 'own.example'".utf8),
            to: "home/.config/containers/registries.conf.d/10-own.conf")
        let own = try RegistriesConfiguration.read(context(["HOME": directory.path("home")]))
        #expect(own.rule(for: "own.example/a")?.isBlocked == false)
        #expect(own.rule(for: "b.example/a") != nil)
        let missing = ["CONTAINERS_REGISTRIES_CONF": directory.path("missing.conf")]
        let error = try #require(throws: ToolError.self) { try RegistriesConfiguration.read(context(missing)) }
        #expect(error.code == .io)
    }

    @Test("keeps the images of a blocked registry from every use")
    func blocked() throws {
        try directory.write(Array("[[registry]]\nlocation = 'bad.example'\nblocked = true".utf8), to: "r.conf")
        let context = context(["CONTAINERS_REGISTRIES_CONF": "r.conf"])
        let name = try RegistryReference("bad.example/app:1")
        for use in [
            { _ = try context.registryPlaces(for: name, task: "t") },
            { _ = try context.registryClient(for: name, task: "t") },
        ] {
            let error = try #require(throws: ToolError.self) { try use() }
            #expect(error.code == .unavailable)
            #expect(error.cause.contains("blocks bad.example"))
        }
    }

    @Test("has mirrors on the command line as HOST=MIRROR")
    func commandLine() throws {
        #expect(try RegistryMirror(parsing: "docker.io=m.example") == RegistryMirror(of: "docker.io", at: "m.example"))
        #expect(
            try RegistryMirror(parsing: "quay.io/team=http://localhost:5000/quay/")
                == RegistryMirror(of: "quay.io/team", at: "localhost:5000/quay", isInsecure: true))
        #expect(try RegistryMirror(parsing: "a.example=https://m.example").isInsecure == false)
        for text in [
            "docker.io", "docker.io=", "=m.example", "docker.io=mirror", "hub=m.example", "docker.io=ftp://m.example",
        ] {
            let error = try #require(throws: ToolError.self) { try RegistryMirror(parsing: text) }
            #expect(error.code == .usage)
        }
    }

    @Test("does not show the credentials of a registry to its mirrors")
    func credentials() throws {
        var access = RegistryAccess()
        (access.credentials, access.tlsVerify, access.certDir) = ("ann:hunter2", false, "certs")
        let mirror = access.unmeant("m.example")
        #expect(mirror.credentials == nil)
        #expect(mirror.certDir == nil)
        #expect(mirror.tlsVerify)
        #expect(mirror.means("m.example"))
    }
}
