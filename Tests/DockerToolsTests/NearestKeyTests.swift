import Testing

@testable import DockerTools

@Suite("An unknown key suggests the one that is meant")
struct NearestKeyTests {
    @Test(
        "by the names of Dockerfiles, Compose files and nixpkgs",
        arguments: [
            ("cmd", "config.Cmd"), ("Cmd", "config.Cmd"), ("command", "config.Cmd"),
            ("entrypoint", "config.Entrypoint"),
            ("env", "config.Env"), ("environment", "config.Env"), ("labels", "config.Labels"), ("user", "config.User"),
            ("volumes", "config.Volumes"), ("working_dir", "config.WorkingDir"), ("workdir", "config.WorkingDir"),
            ("expose", "config.ExposedPorts"), ("from", "fromImage"), ("FROM", "fromImage"), ("image", "name"),
            ("arch", "architecture"),
        ])
    func meanings(name: String, key: String) {
        #expect(SpecKey.suggestion(for: name, among: SpecKey.names(for: .layered)) == key)
    }

    @Test(
        "by the nearest name",
        arguments: [("contens", "contents"), ("max_layers", "maxLayers"), ("Name", "name"), ("zzzzzz", nil)])
    func nearest(name: String, key: String?) {
        #expect(SpecKey.suggestion(for: name, among: SpecKey.names(for: .layered)) == key)
    }

    @Test("in the members of an object by the nearest name only")
    func members() {
        #expect(SpecKey.suggestion(for: "cmd", among: ["Cmd", "Env"]) == "Cmd")
        #expect(SpecKey.suggestion(for: "from", among: ["Cmd", "Env"]) == nil)
    }

    @Test("An override of such a key suggests the same")
    func overrides() throws {
        let issues = try SpecDirectory().issues(#"{"name": "x"}"#, sets: ["user=me"])
        #expect(issues == [#"user (from an override): got "me"; unknown key; did you mean config.User?"#])
    }

    @Test("A key of another verb that has a twin suggests it")
    func otherVerbs() throws {
        let issues = try SpecDirectory().issues(#"{"name": "x", "arch": "amd64"}"#)
        #expect(issues == [#"arch: got "amd64"; the key is for pull, not for layered; did you mean architecture?"#])
    }
}
