import Testing

@testable import DockerTools

@Suite struct SpecConfigTests {
    private let directory: SpecDirectory

    init() throws { directory = try SpecDirectory() }

    private func issues(_ config: String) throws -> [String] {
        try directory.issues("{\"name\": \"x\", \"config\": {\(config)}}")
    }

    @Test func everyKnownKeyIsTaken() throws {
        let config = #"""
            "User": "1000:1000", "Memory": 1, "MemorySwap": -1, "CpuShares": 2,
            "ExposedPorts": {"80": {}, "1/udp": {}, "65535/sctp": {}, "443/tcp": {}}, "Env": ["A=b", "B=", "C=d=e"],
            "Entrypoint": ["/bin/sh"], "Cmd": [],
            "Healthcheck": {"Test": ["CMD", "x"], "Interval": 1000000000, "Timeout": 0, "StartPeriod": 0,
                            "StartInterval": 0, "Retries": 3},
            "Volumes": {"/data": {}}, "WorkingDir": "", "Labels": {"a.b": "c"}, "StopSignal": "SIGTERM",
            "StopTimeout": 10, "Shell": ["/bin/bash", "-c"], "OnBuild": ["RUN x"], "ArgsEscaped": false,
            "Hostname": "h", "Domainname": "d", "AttachStdin": false, "AttachStdout": false, "AttachStderr": false,
            "Tty": true, "OpenStdin": true, "StdinOnce": true, "NetworkDisabled": true, "MacAddress": "", "Image": "i"
            """#
        let spec = try directory.load(text: "{\"name\": \"x\", \"config\": {\(config)}}")
        #expect(spec.warnings == [])
        #expect(spec.config.members.count == ContainerConfigFields.all.count)
        #expect(spec.config["Healthcheck"]?["Interval"] == 1_000_000_000)
    }

    @Test func nullsAreAbsent() throws {
        let spec = try directory.load(
            text: #"{"name": "x", "config": {"Cmd": null, "Healthcheck": {"Test": null, "Retries": 1}}}"#)
        #expect(spec.config.json == ["Healthcheck": ["Retries": 1]])
        #expect(spec.warnings == [])
    }

    @Test func unknownKeysWarnAndAreKept() throws {
        let spec = try directory.load(
            text: #"{"name": "x", "config": {"cmd": ["a"], "Foo": {"a": null}, "Healthcheck": {"Retry": 1}}}"#)
        #expect(spec.config.json == ["cmd": ["a"], "Foo": [:], "Healthcheck": ["Retry": 1]])
        #expect(
            spec.warnings == [
                "config.Foo: unknown key, kept as it is",
                "config.Healthcheck.Retry: unknown key, kept as it is",
                "config.cmd: unknown key, kept as it is; did you mean Cmd?",
            ])
    }

    @Test(arguments: [
        (
            #""Cmd": "/bin/hello --now""#,
            #"config.Cmd: got "/bin/hello --now"; expected a list of strings: write ["/bin/hello","--now"]"#
        ),
        (
            #""Cmd": "echo $HOME""#,
            #"config.Cmd: got "echo $HOME"; expected a list of strings: write ["/bin/sh","-c","echo $HOME"]"#
        ),
        (#""Entrypoint": "sh""#, #"config.Entrypoint: got "sh"; expected a list of strings: write ["sh"]"#),
        (#""Cmd": ["a", 1]"#, "config.Cmd[1]: got 1; expected a string"),
        (#""Cmd": {}"#, "config.Cmd: got {}; expected a list of strings"),
        (
            #""Env": "A=b""#,
            #"config.Env: got "A=b"; expected a list, each item NAME=VALUE with a non-empty name: write ["A=b"]"#
        ),
        (#""Env": ["=b"]"#, #"config.Env[0]: got "=b"; expected NAME=VALUE with a non-empty name"#),
        (#""Env": ["A"]"#, #"config.Env[0]: got "A"; expected NAME=VALUE with a non-empty name"#),
        (#""Env": [""]"#, #"config.Env[0]: got ""; expected NAME=VALUE with a non-empty name"#),
        (
            #""Env": {"A": "b"}"#,
            #"config.Env: got {"A":"b"}; expected a list, each item NAME=VALUE with a non-empty name"#
        ),
        (#""Volumes": {"data": {}}"#, #"config.Volumes.data: got "data"; expected an absolute path, such as "/data""#),
        (#""Volumes": {"/data": true}"#, #"config.Volumes["/data"]: got true; expected an object"#),
        (#""Volumes": ["/data"]"#, #"config.Volumes: got ["/data"]; expected an object"#),
        (#""ExposedPorts": {"80": null}"#, #"config.ExposedPorts.80: got null; expected an object"#),
        (
            #""WorkingDir": "data""#,
            #"config.WorkingDir: got "data"; expected an absolute path, such as "/data", or nothing"#
        ),
        (#""Labels": {"a.b": 1}"#, #"config.Labels["a.b"]: got 1; expected a string"#),
        (#""User": 1000"#, "config.User: got 1000; expected a string"),
        (#""StopTimeout": "10""#, #"config.StopTimeout: got "10"; expected an integer"#),
        (#""Tty": "true""#, #"config.Tty: got "true"; expected true or false"#),
        (#""Memory": -2"#, "config.Memory: got -2; expected an integer of -1 or more"),
        (#""Healthcheck": "x""#, #"config.Healthcheck: got "x"; expected an object"#),
        (
            #""Healthcheck": {"Test": "curl"}"#,
            #"config.Healthcheck.Test: got "curl"; expected a list of strings: write ["curl"]"#
        ),
        (
            #""Healthcheck": {"Interval": "5s"}"#,
            #"config.Healthcheck.Interval: got "5s"; expected an integer of 0 or more"#
        ),
        (#""User": "a\u0000""#, #"config.User: got "a\u0000"; expected a text without NUL characters"#),
    ])
    func badValuesAreRefused(member: String, expected: String) throws {
        #expect(try issues(member) == [expected])
    }

    @Test(arguments: [
        "abc/tcp", "", "0", "65536", "99999999", "-1", "+80", "80/", "80/icmp", "80/TCP", "80/tcp/x", " 80", "80-90",
        "٨٠",
    ])
    func badPortsAreRefused(port: String) throws {
        let found = try issues("\"ExposedPorts\": {\"\(port)\": {}}")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("config.ExposedPorts") == true)
        #expect(
            found.first?.hasSuffix(
                ": got \"\(port)\"; expected a port from 1 to 65535, alone or with /tcp, /udp or /sctp, such as "
                    + "\"80/tcp\"") == true)
    }
}
