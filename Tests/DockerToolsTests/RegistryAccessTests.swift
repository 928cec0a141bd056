import Errors
import Testing

@testable import DockerTools

@Suite("Access to registries")
struct RegistryAccessTests {
    private static func access(for names: [String]) throws -> RegistryAccess {
        var access = RegistryAccess()
        (access.credentials, access.certDir, access.timeout) = ("ann:hunter2", "certs", 5)
        try access.choose(among: names)
        return access
    }

    @Test("applies settings for a single registry to the named one, else to the first that is contacted")
    func oneRegistry() throws {
        let named = try Self.access(for: ["one.example/app", "docker://one.example/other:2"])
        #expect(!named.means("two.example"))
        #expect(named.means("one.example"))
        let unnamed = try Self.access(for: [])
        let copy = unnamed
        #expect(unnamed.means("one.example"))
        #expect(!copy.means("two.example"))
        #expect(copy.means("one.example"))
        #expect(copy.meant(asking: "two.example") == "one.example")
        #expect(try Self.access(for: []).means("two.example"))
    }

    @Test("refuses settings for a single registry if several are named")
    func severalRegistries() throws {
        let failure = try #require(throws: ToolError.self) { try Self.access(for: ["one.example/a", "redis"]) }
        #expect(failure.code == .usage)
        #expect(failure.message == "cannot use the credentials for several registries")
        #expect(failure.cause == "the images are of one.example and docker.io, and the setting is for one of them")
        var access = RegistryAccess()
        try access.choose(among: ["one.example/a", "redis"])
        access.tlsVerify = false
        #expect(throws: ToolError.self) { try access.choose(among: ["one.example/a", "redis"]) }
    }

    @Test("disables verification for the registry of a spec only, and keeps other credentials from it")
    func unverified() throws {
        let other = try Self.access(for: ["other.example/app"]).unverified("spec.example")
        #expect(other.registry == "spec.example")
        #expect(!other.tlsVerify)
        #expect(other.credentials == nil)
        #expect(other.certDir == nil)
        #expect(other.timeout == 5)
        let same = try Self.access(for: ["spec.example/app"]).unverified("spec.example")
        #expect(same.credentials == "ann:hunter2")
        #expect(same.certDir == "certs")
        let any = try Self.access(for: []).unverified("spec.example")
        #expect(any.registry == "spec.example")
        #expect(any.credentials == "ann:hunter2")
    }
}
