import Testing

@testable import Registry

@Suite("Challenges")
struct ChallengeTests {
    private func check(_ header: String, _ expected: [Challenge]) { #expect(Challenge.parse(header) == expected) }

    @Test("are parsed with their parameters, in upper and lower case") func read() {
        let realm = "https://auth.docker.io/token"
        check(
            #"Bearer realm="\#(realm)",service="registry.docker.io",scope="repository:a/b:pull,push""#,
            [
                Challenge(
                    scheme: "bearer",
                    parameters: ["realm": realm, "service": "registry.docker.io", "scope": "repository:a/b:pull,push"])
            ])
        check(
            "BASIC Realm=plain , charset=\"UTF-8\"",
            [Challenge(scheme: "basic", parameters: ["realm": "plain", "charset": "UTF-8"])])
        check(#"Bearer realm = "x""#, [Challenge(scheme: "bearer", parameters: ["realm": "x"])])
        check("Basic", [Challenge(scheme: "basic")])
    }

    @Test("may share a header") func several() {
        check(
            #"Negotiate, Basic realm="a, \"b\"", Bearer realm="c""#,
            [
                Challenge(scheme: "negotiate"), Challenge(scheme: "basic", parameters: ["realm": #"a, "b""#]),
                Challenge(scheme: "bearer", parameters: ["realm": "c"]),
            ])
    }

    @Test("end at a syntax error") func malformed() {
        check("", [])
        check(" ,\t, ", [])
        check("=", [])
        check("\"Bearer\"", [])
        check("realm=\"x\"", [Challenge(scheme: "realm")])
        check(#"Bearer realm="no end"#, [Challenge(scheme: "bearer")])
        check(#"Bearer realm="no end\"#, [Challenge(scheme: "bearer")])
        check("Negotiate YII==, Basic realm=x", [Challenge(scheme: "negotiate", parameters: ["yii": ""])])
    }
}
