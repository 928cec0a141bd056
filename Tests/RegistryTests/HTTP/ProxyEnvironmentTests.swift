import Errors
import Testing

@testable import Registry

@Suite("Proxy environment")
struct ProxyEnvironmentTests {
    private func proxy(
        _ environment: [String: String], _ host: String = "registry.example", _ port: Int = 443,
        scheme: String = "https"
    ) throws -> String? {
        try ProxyEnvironment(environment).proxy(scheme: scheme, host: host, port: port).map {
            "\($0.kind) \($0.host) \($0.port)"
        }
    }

    @Test("prefers the scheme's variable, then upper case, then all_proxy")
    func variables() throws {
        let both = ["http_proxy": "plain:1", "https_proxy": "tls:2"]
        #expect(try proxy(both) == "http tls 2")
        #expect(try proxy(both, scheme: "http") == "http plain 1")
        #expect(try proxy(["HTTPS_PROXY": "upper:1", "https_proxy": "lower:2"]) == "http upper 1")
        #expect(try proxy(["HTTPS_PROXY": "", "https_proxy": "lower:2"]) == "http lower 2")
        #expect(try proxy(["HTTP_PROXY": "upper:1"], scheme: "http") == "http upper 1")
        #expect(try proxy(["http_proxy": "plain:1"]) == nil)
        #expect(try proxy(["all_proxy": "socks5://all:3"]) == "socks5 all 3")
        #expect(try proxy(["ALL_PROXY": "all:3", "https_proxy": "tls:2"]) == "http tls 2")
        #expect(try proxy([:]) == nil)
    }

    @Test(
        "accepts URLs, and hosts with ports",
        arguments: [
            ("http://proxy", "http proxy 80"), ("proxy", "http proxy 80"), ("proxy:3128", "http proxy 3128"),
            ("HTTP://proxy:3128/", "http proxy 3128"), ("socks5://proxy", "socks5 proxy 1080"),
            ("socks5h://proxy:9050", "socks5 proxy 9050"), ("http://[fd00::1]:3128", "http fd00::1 3128"),
            ("http://10.0.0.1:3128/path?query", "http 10.0.0.1 3128"),
        ])
    func forms(text: String, expected: String) throws {
        #expect(try proxy(["https_proxy": text]) == expected)
    }

    @Test("accepts a percent-encoded user and password")
    func users() throws {
        let proxies = ProxyEnvironment(["https_proxy": "http://ann:p%40ss:w@rd@proxy:1", "http_proxy": "bob@proxy"])
        let first = try #require(try proxies.proxy(scheme: "https", host: "a", port: 443))
        #expect(first.credentials == .password(user: "ann", password: Secret("p@ss:w@rd")))
        #expect(first.host == "proxy")
        #expect(!"\(first)".contains("p@ss"))
        let second = try #require(try proxies.proxy(scheme: "http", host: "a", port: 80))
        #expect(second.credentials == .password(user: "bob", password: Secret("")))
        #expect(second.configuration.authorization == .basic(username: "bob", password: ""))
    }

    @Test(
        "rejects unusable proxies without showing them",
        arguments: [
            ("https://ann:hunter2@proxy", "connecting to a proxy by https is not supported"),
            ("ftp://ann:hunter2@proxy", "its scheme is neither http nor socks5"),
            ("hunter2://proxy", "its scheme is neither http nor socks5"),
            ("socks5://ann:hunter2@proxy", "a user for a SOCKS proxy is not supported"),
            ("http://ann:hunter2%zz@proxy", "its user or password has a '%' that two hexadecimal digits do not follow"),
            ("http://ann:hunter2%2@proxy", "its user or password has a '%' that two hexadecimal digits do not follow"),
            ("http://ann:hunter2", "it is not of the form http://HOST:PORT"),
            ("http://ann:hunter2@", "it is not of the form http://HOST:PORT"),
            ("http://ann:hunter2@proxy:0", "it is not of the form http://HOST:PORT"),
            ("http://ann:hunter2@proxy:65536", "it is not of the form http://HOST:PORT"),
            ("http://ann:hunter2@[proxy]:1", "it is not of the form http://HOST:PORT"),
        ])
    func unusable(text: String, cause: String) throws {
        let failure = try #require(throws: ToolError.self) { try proxy(["https_proxy": text]) }
        #expect(failure.code == .usage)
        #expect(failure.message == "cannot use the proxy in $https_proxy")
        #expect(failure.cause == cause)
        #expect(!"\(failure)".contains("hunter2"))
    }

    @Test(
        "has no proxy for loopback hosts",
        arguments: ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
    func loopback(host: String) throws {
        #expect(try proxy(["https_proxy": "proxy"], host) == nil)
    }

    @Test(
        "has no proxy for listed hosts",
        arguments: [
            ("example.com", "example.com", 443), ("example.com", "a.b.example.com", 443),
            (".example.com", "a.example.com", 443), ("*.example.com", "a.example.com", 443), ("*", "anything", 1),
            ("x, example.com ,y", "EXAMPLE.com", 443), ("example.com:443", "example.com", 443),
            ("10.0.0.1", "10.0.0.1", 443), ("10.0.0.1:5000", "10.0.0.1", 5000), ("10.0.0.0/8", "10.9.9.9", 443),
            ("10.128.0.0/9", "10.129.0.1", 443), ("fd00::/8", "fd12::1", 443), ("[fd00::1]:5000", "fd00::1", 5000),
            ("fd00::1", "[fd00::1]", 443), ("0.0.0.0/0", "8.8.8.8", 443),
        ])
    func exceptions(list: String, host: String, port: Int) throws {
        for variable in ["NO_PROXY", "no_proxy"] {
            #expect(try proxy(["https_proxy": "proxy", variable: list], host, port) == nil)
        }
    }

    @Test(
        "has a proxy for all other hosts",
        arguments: [
            ("example.com", "badexample.com", 443), (".example.com", "example.com", 443),
            ("*.example.com", "example.com", 443), ("example.com:443", "example.com", 5000),
            ("10.0.0.1:5000", "10.0.0.1", 443), ("10.0.0.0/8", "11.0.0.1", 443), ("10.0.0.0/8", "fd00::1", 443),
            ("10.128.0.0/9", "10.127.0.1", 443), ("10.0.0.0/33", "10.0.0.1", 443), ("10.0.0", "10.0.0.1", 443),
            ("", "example.com", 443), (",,", "example.com", 443), (":443", "example.com", 443),
            (".", "example.com", 443), ("*.", "example.com", 443), ("ample.com", "example.com", 443),
        ])
    func noException(list: String, host: String, port: Int) throws {
        #expect(try proxy(["https_proxy": "proxy", "no_proxy": list], host, port) == "http proxy 80")
    }

    @Test("converts to async-http-client's form")
    func configuration() throws {
        let proxies = ProxyEnvironment(["https_proxy": "ann:pw@proxy:1", "http_proxy": "socks5://socks"])
        let http = try #require(try proxies.proxy(scheme: "https", host: "a", port: 443)).configuration
        #expect(http == .server(host: "proxy", port: 1, authorization: .basic(username: "ann", password: "pw")))
        let socks = try #require(try proxies.proxy(scheme: "http", host: "a", port: 80)).configuration
        #expect(socks == .socksServer(host: "socks", port: 1080))
    }
}
