import Errors
import Testing

@testable import OCI
@testable import Registry

@Suite("Registry reference")
struct RegistryReferenceTests {
    private static let hex = String(repeating: "0a", count: 32)

    @Test(
        "is parsed as Docker does",
        arguments: [
            ("redis", "docker.io/library/redis", nil, nil),
            ("redis:7", "docker.io/library/redis", "7", nil),
            ("docker://redis:7", "docker.io/library/redis", "7", nil),
            ("team/app", "docker.io/team/app", nil, nil),
            ("docker.io/redis", "docker.io/library/redis", nil, nil),
            ("index.docker.io/redis:7.0", "docker.io/library/redis", "7.0", nil),
            ("docker.io/library/redis", "docker.io/library/redis", nil, nil),
            ("localhost/app", "localhost/app", nil, nil),
            ("localhost:5000/app", "localhost:5000/app", nil, nil),
            ("Registry.Example:5000/team/app:1_a.B-c", "registry.example:5000/team/app", "1_a.B-c", nil),
            ("127.0.0.1:5000/a/b/c:x", "127.0.0.1:5000/a/b/c", "x", nil),
            ("[::1]:5000/app:1", "[::1]:5000/app", "1", nil),
            ("[2001:db8::1]/app", "[2001:db8::1]/app", nil, nil),
            ("redis@sha256:\(hex)", "docker.io/library/redis", nil, "sha256:\(hex)"),
            ("r.example/a__b/c.d--e@sha256:\(hex)", "r.example/a__b/c.d--e", nil, "sha256:\(hex)"),
            ("redis:7@sha256:\(hex)", "docker.io/library/redis", "7", "sha256:\(hex)"),
        ] as [(String, String, String?, String?)])
    func read(text: String, name: String, tag: String?, digest: String?) throws {
        let reference = try RegistryReference(text)
        #expect(reference.name == name)
        #expect("\(reference.registry)/\(reference.repository)" == name)
        #expect(reference.tag == tag)
        #expect(reference.digest?.description == digest)
        #expect(reference.manifest == digest ?? tag ?? "latest")
        #expect(try RegistryReference(reference.description) == reference)
    }

    @Test(
        "rejects invalid names",
        arguments: [
            ("", "its repository is not a valid name"),
            ("docker://", "its repository is not a valid name"),
            ("team/App", "names of repositories are in lower case"),
            ("r.example/", "its repository is not a valid name"),
            ("r.example//app", "its repository is not a valid name"),
            ("r.example/../app", "its repository is not a valid name"),
            ("r.example/a/../../b", "its repository is not a valid name"),
            ("r.example/a%2f..", "its repository is not a valid name"),
            ("r.example/a?b", "its repository is not a valid name"),
            ("r.example/a#b", "its repository is not a valid name"),
            ("r.example/a b", "its repository is not a valid name"),
            ("r.example/-a", "its repository is not a valid name"),
            ("r.example/a___b", "its repository is not a valid name"),
            ("https://r.example/app", "its registry is not a valid host name"),
            ("user:secret.x/app", "its registry is not a valid host name"),
            ("r..example/app", "its registry is not a valid host name"),
            ("r.example:/app", "its registry is not a valid host name"),
            ("[::1/app", "its registry is not a valid host name"),
            ("redis:", "'' is not a valid tag: letters, digits and _.-, the first one not . or -"),
            ("redis:.7", "'.7' is not a valid tag: letters, digits and _.-, the first one not . or -"),
            ("redis:7\n", "'7\u{FFFD}' is not a valid tag: letters, digits and _.-, the first one not . or -"),
            ("redis@", "the text after @ is not a digest: 'sha256:' and 64 digits 0-9 a-f"),
            ("redis@sha256:../../x", "the text after @ is not a digest: 'sha256:' and 64 digits 0-9 a-f"),
            ("redis@sha256:\(hex.uppercased())", "the text after @ is not a digest: 'sha256:' and 64 digits 0-9 a-f"),
            ("redis@sha512:\(hex)\(hex)", "the text after @ is not a digest: 'sha256:' and 64 digits 0-9 a-f"),
            ("redis@sha256:\(hex)0", "the text after @ is not a digest: 'sha256:' and 64 digits 0-9 a-f"),
            ("r.example/" + String(repeating: "a", count: 250), "it is longer than 255 characters"),
        ])
    func refused(text: String, cause: String) throws {
        let failure = #expect(throws: ToolError.self) { try RegistryReference(text) }
        #expect(failure?.code == .usage)
        #expect(failure?.cause == cause)
        #expect(failure?.message.contains("\n") == false)
    }

    @Test("changes its tag or digest") func others() throws {
        let reference = try RegistryReference("r.example/app:1")
        let digest = try #require(Digest("sha256:\(Self.hex)"))
        #expect("\(reference.with(tag: "2"))" == "r.example/app:2")
        #expect("\(reference.with(digest: digest))" == "r.example/app@sha256:\(Self.hex)")
    }
}
