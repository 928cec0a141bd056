@testable import Registry
import Testing

@Suite("Addresses")
struct IPAddressTests {
    @Test(
        "are of a class",
        arguments: [
            ("8.8.8.8", AddressClass.public), ("127.0.0.1", .loopback), ("127.255.0.9", .loopback),
            ("10.0.0.1", .private), ("172.15.0.1", .public), ("172.16.0.1", .private), ("172.31.9.9", .private),
            ("172.32.0.1", .public), ("192.168.0.1", .private), ("192.169.0.1", .public), ("100.63.0.1", .public),
            ("100.64.0.1", .private), ("100.127.0.1", .private), ("100.128.0.1", .public),
            ("169.254.169.254", .linkLocal), ("169.253.0.1", .public), ("0.0.0.0", .unspecified),
            ("0.1.2.3", .unspecified), ("224.0.0.1", .unspecified), ("255.255.255.255", .unspecified),
            ("::", .unspecified), ("::1", .loopback), ("::2", .unspecified), ("fe80::1", .linkLocal),
            ("fe80::1%eth0", .linkLocal), ("febf::1", .linkLocal), ("fec0::1", .private), ("fc00::1", .private),
            ("fdff::1", .private), ("fe00::1", .public), ("ff02::1", .unspecified), ("2001:db8::1", .public),
            ("::ffff:127.0.0.1", .loopback), ("::ffff:169.254.169.254", .linkLocal), ("::ffff:8.8.8.8", .public),
            ("64:ff9b::10.0.0.1", .private), ("::127.0.0.1", .public),
        ])
    func classes(text: String, expected: AddressClass) throws {
        #expect(try #require(IPAddress(text)).addressClass == expected)
    }

    @Test(
        "are nothing else",
        arguments: [
            "", "localhost", "127.1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "0x7f.0.0.1", "1.2.3.4%eth0", "[::1]", "::1::",
        ])
    func malformed(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("are written as the system writes them") func written() throws {
        #expect(try #require(IPAddress("::ffff:10.0.0.1")).description == "10.0.0.1")
        #expect(try #require(IPAddress("FE80:0:0::1")).description == "fe80::1")
    }
}

@Suite("Private hosts")
struct PrivateHostsTests {
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
        "may be reached from themselves and their like",
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
        "may not be reached by those who send there from elsewhere",
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
            ("127.0.0.1", "0.0.0.0", "0.0.0.0 is the address of no single machine"),
            ("127.0.0.1", "nobody.example", "'nobody.example' is 0.0.0.0, the address of no single machine"),
        ])
    func refused(host: String, target: String, cause: String) {
        #expect(
            hosts.refusal(from: host, to: target) == "\(cause), and '\(host)' may not send anybody there")
    }

    @Test("are told by the system's own resolver too, whatever the form of the address")
    func systemResolver() {
        #expect(RedirectPolicy().refusal(from: "203.0.113.1", to: "127.1")?.contains("a loopback address") == true)
        #expect(RedirectPolicy().refusal(from: "203.0.113.1", to: "0x7f000001")?.contains("a loopback address") == true)
        #expect(RedirectPolicy().refusal(from: "203.0.113.1", to: "198.51.100.1") == nil)
    }
}
