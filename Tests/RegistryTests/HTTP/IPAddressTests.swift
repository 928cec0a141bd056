import Testing

@testable import Registry

@Suite("IP address")
struct IPAddressTests {
    @Test(
        "has a class",
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
        "rejects other texts",
        arguments: [
            "", "localhost", "127.1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "0x7f.0.0.1", "1.2.3.4%eth0", "[::1]", "::1::",
        ])
    func malformed(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("prints its canonical form") func written() throws {
        #expect(try #require(IPAddress("::ffff:10.0.0.1")).description == "10.0.0.1")
        #expect(try #require(IPAddress("FE80:0:0::1")).description == "fe80::1")
    }
}
