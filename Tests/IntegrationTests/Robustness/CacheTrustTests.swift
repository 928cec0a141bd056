import Foundation
import TestSupport
import Testing

/// Tests of cached digests that another user can have written. They run as root.
@Suite("Cache of another user")
struct CacheTrustTests {
    private let machine: TestMachine

    init() throws {
        machine = try TestMachine(clockIsAhead: true)
        try machine.write("contents", to: "files/file")
        try machine.spec(["contents": ["files"]])
    }

    /// Replaces the cached digest by another one, with a right checksum.
    private func forge() throws {
        let script = """
            import glob, hashlib
            [entry] = glob.glob("cache/dockertools/layers/*/*")
            digest = "sha256:" + "ab" * 32
            checksum = hashlib.sha256(("sha256:" + entry.split("/")[-1] + " " + digest).encode()).hexdigest()
            open(entry, "w").write(digest + "\\nsha256:" + checksum + "\\n")
            """
        #expect(try machine.shell("python3 -c '\(script)'").status == 0)
    }

    private static let forged = "sha256:" + String(repeating: "ab", count: 32)

    private func layered() throws -> Program.Outcome {
        try machine.run(["layered", "spec.json", "-o", "/dev/null", "--json"])
    }

    @Test("The digests of a cache that only root can write to are used")
    func own() throws {
        _ = try layered()
        try forge()
        let outcome = try layered()
        #expect(outcome.text.contains(Self.forged))
        #expect(!outcome.errors.contains("warning"))
    }

    @Test(
        "A directory or entry that another user owns or can write to is not used, with one warning",
        arguments: [
            "chown -R nobody cache", "chown nobody cache", "chown nobody cache/dockertools",
            "chown nobody cache/dockertools/layers", "chown nobody cache/dockertools/layers/*",
            "chown nobody cache/dockertools/layers/*/*", "chmod 777 cache", "chmod -R g+w cache/dockertools",
            "chmod 666 cache/dockertools/layers/*/*",
        ])
    func foreign(change: String) throws {
        let right = try layered().text
        try forge()
        #expect(try machine.shell(change).status == 0)
        let outcome = try layered()
        #expect(outcome.status == 0)
        #expect(outcome.text == right)
        #expect(outcome.errors.split(separator: "\n").filter { $0.contains("is not used: ") }.count == 1)
        #expect(try machine.layered().errors == "")
    }

    @Test("An entry that is not used is replaced")
    func replaced() throws {
        _ = try layered()
        try forge()
        #expect(try machine.shell("chown nobody cache/dockertools/layers/*/*").status == 0)
        #expect(try layered().errors.contains("is not used: "))
        #expect(try !layered().errors.contains("is not used: "))
    }

    @Test("cache shows and prunes no cache that another user can write to")
    func command() throws {
        _ = try layered()
        #expect(try machine.shell("chown nobody cache").status == 0)
        for arguments in [["cache"], ["cache", "--prune"]] {
            let outcome = try machine.run(arguments)
            #expect(outcome.status == 69)
            #expect(outcome.failure?.cause.hasSuffix("owns '\(machine.path("cache"))'") == true)
            #expect(outcome.failure?.fix == "set XDG_CACHE_HOME to a directory of your own")
        }
    }
}
