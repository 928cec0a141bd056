import Testing

@testable import Registry

@Suite("HTTP URL")
struct HTTPURLTests {
    @Test(
        "is parsed with its host in lower case and without a fragment",
        arguments: [
            ("http://r.example", "http://r.example/", "/"),
            ("HTTPS://R.Example:443/V2/?a=B#part", "https://r.example/V2/", "/V2/?a=B"),
            ("http://r.example:80/", "http://r.example/", "/"),
            ("http://r.example:443", "http://r.example:443/", "/"),
            ("https://127.0.0.1:5000/a%2Fb?x=%20", "https://127.0.0.1:5000/a%2Fb", "/a%2Fb?x=%20"),
            ("http://[::1]:5000/x", "http://[::1]:5000/x", "/x"),
            ("http://my_registry:5000/", "http://my_registry:5000/", "/"),
        ])
    func read(text: String, shown: String, target: String) throws {
        let url = try #require(HTTPURL(text))
        #expect("\(url)" == shown)
        #expect(url.target == target)
    }

    @Test(
        "is rejected if it is invalid or disguises its host",
        arguments: [
            "", "r.example", "/v2/", "//r.example/", "ftp://r.example/", "file:///etc/passwd", "http://", "http:///x",
            "http+unix://%2Frun%2Fx/", "http://user@r.example/", "http://user:secret@r.example/", "http://r.example:0/",
            "http://r.example:65536/", "http://r.example:-1/", "http://r.example:x/", "http://[::1/", "http://[x]/",
            "http://169.254.169.254%2F/", "http://169.254.169.254%23.r.example/", "http://r.example%00/",
            "http://r.example%0D%0AX: y/", "http://a b/", "http://[127.0.0.1]/", "http://r.example\\@evil.example/",
        ])
    func refused(_ text: String) { #expect(HTTPURL(text) == nil) }

    @Test(
        "resolves references",
        arguments: [
            ("/other?a=b", "https://r.example:5000/other?a=b"),
            ("more", "https://r.example:5000/v2/more"),
            ("?last=x", "https://r.example:5000/v2/list?last=x"),
            ("../../..//x", "https://r.example:5000//x"),
            ("//cdn.example/y", "https://cdn.example/y"),
            ("http://cdn.example:8080", "http://cdn.example:8080/"),
            ("https://cdn.example/z?signature=s", "https://cdn.example/z?signature=s"),
            ("https://user:secret@cdn.example/", nil), ("javascript:x", nil), ("http://", nil), ("https://a%2Fb/", nil),
        ] as [(String, String?)])
    func resolved(link: String, expected: String?) throws {
        let url = try #require(HTTPURL("https://r.example:5000/v2/list?n=1"))
        #expect(url.resolving(link)?.text == expected)
    }

    @Test("of a socket resolves to the same socket or the web") func socket() {
        let url = HTTPURL(.socket(path: "/run/my docker.sock"), "/v1/a?b=c")
        #expect(url.text == "http+unix://%2Frun%2Fmy%20docker.sock/v1/a?b=c")
        #expect("\(url)" == "unix:///run/my docker.sock/v1/a")
        #expect(url.resolving("/d")?.text == "http+unix://%2Frun%2Fmy%20docker.sock/d")
        #expect(url.resolving("https://r.example/d")?.text == "https://r.example/d")
    }

    @Test("encodes the values of query fields") func fields() throws {
        let url = try #require(HTTPURL("https://r.example/token"))
        let more = url.adding("scope", "repository:a/b:pull,push").adding("x", "&=#é")
        #expect(more.target == "/token?scope=repository%3Aa%2Fb%3Apull%2Cpush&x=%26%3D%23%C3%A9")
        #expect("\(more)" == "https://r.example/token")
    }
}
