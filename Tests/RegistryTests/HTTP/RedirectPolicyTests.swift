import Testing

@testable import Registry

@Suite("Redirect policy")
struct RedirectPolicyTests {
    private let hosts = RedirectPolicy { name in
        let names = [
            "registry.example": ["203.0.113.1"], "cdn.example": ["203.0.113.2", "2001:db8::1"],
            "metadata.example": ["169.254.169.254"], "inside.example": ["10.0.0.1"],
            "half.example": ["203.0.113.3", "10.0.0.2"],
            "local.example": ["127.0.0.1"], "127.1": ["127.0.0.1"], "2852039166": ["169.254.169.254"],
            "nobody.example": ["0.0.0.0"],
        ]
        return (names[name] ?? []).compactMap { IPAddress($0) }
    }

    @Test(
        "allows the same host and hosts of the same class",
        arguments: [
            ("registry.example", "cdn.example"), ("registry.example", "198.51.100.7"), ("10.0.0.1", "8.8.8.8"),
            ("registry.example", "unknown.example"), ("169.254.1.1", "169.254.1.1"), ("127.0.0.1", "localhost"),
            ("localhost", "127.0.0.1"), ("localhost", "[::1]"), ("10.0.0.1", "192.168.1.1"),
            ("10.0.0.1", "inside.example"),
            ("inside.example", "fd00::1"), ("half.example", "inside.example"),
            ("metadata.example", "METADATA.example."),
            ("[::1]", "::1"), ("::ffff:127.0.0.1", "127.0.0.1"),
        ])
    func allowed(host: String, target: String) {
        #expect(hosts.refusal(from: host, to: target) == nil)
    }

    @Test(
        "rejects hosts of another class",
        arguments: [
            ("registry.example", "127.0.0.1", "127.0.0.1 is a loopback address"),
            ("registry.example", "localhost", "'localhost' is 127.0.0.1, a loopback address"),
            ("registry.example", "x.localhost", "'x.localhost' is 127.0.0.1, a loopback address"),
            ("registry.example", "local.example", "'local.example' is 127.0.0.1, a loopback address"),
            ("registry.example", "127.1", "'127.1' is 127.0.0.1, a loopback address"),
            ("registry.example", "[::ffff:7f00:1]", "[::ffff:7f00:1] is a loopback address"),
            ("registry.example", "10.1.2.3", "10.1.2.3 is a private address"),
            ("registry.example", "half.example", "'half.example' is 10.0.0.2, a private address"),
            ("registry.example", "metadata.example", "'metadata.example' is 169.254.169.254, a link-local address"),
            ("registry.example", "2852039166", "'2852039166' is 169.254.169.254, a link-local address"),
            ("10.0.0.1", "169.254.169.254", "169.254.169.254 is a link-local address"),
            ("169.254.1.1", "169.254.169.254", "169.254.169.254 is a link-local address"),
            ("10.0.0.1", "fe80::1", "fe80::1 is a link-local address"),
            ("10.0.0.1", "127.0.0.1", "127.0.0.1 is a loopback address"),
            ("127.0.0.1", "10.0.0.1", "10.0.0.1 is a private address"),
            ("127.0.0.1", "0.0.0.0", "0.0.0.0 is an unspecified or multicast address"),
            ("127.0.0.1", "nobody.example", "'nobody.example' is 0.0.0.0, an unspecified or multicast address"),
        ])
    func refused(host: String, target: String, cause: String) {
        #expect(
            hosts.refusal(from: host, to: target) == "\(cause), which '\(host)' may not redirect to")
    }

    @Test("uses the system's resolver, for all forms of addresses")
    func systemResolver() {
        #expect(RedirectPolicy().refusal(from: "203.0.113.1", to: "127.1")?.contains("a loopback address") == true)
        #expect(RedirectPolicy().refusal(from: "203.0.113.1", to: "0x7f000001")?.contains("a loopback address") == true)
        #expect(RedirectPolicy().refusal(from: "203.0.113.1", to: "198.51.100.1") == nil)
    }
}
