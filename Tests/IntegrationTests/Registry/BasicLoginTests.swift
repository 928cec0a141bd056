import Foundation
import Glibc
import TestSupport
import Testing

/// Tests with a docker-registry that requires a user name and a password.
@Suite("Login with name and password")
struct BasicLoginTests {
    private let bench: LoginBench
    private let registry: RegistryServer
    private var image: String { "\(registry.name)/team/app:1" }

    init() throws {
        bench = try LoginBench()
        registry = try Self.registry.get()
        try bench.push(image, ["--creds", "\(LoginBench.user):\(LoginBench.password)"])
    }

    private static let registry = Result {
        try RegistryServer(
            "auth: {htpasswd: {realm: tests, path: DIRECTORY/users}}",
            files: ["users": Array(LoginBench.htpasswd().utf8)])
    }

    @Test("Missing credentials are an error with a remedy")
    func needed() throws {
        let outcome = try bench.pull(image)
        #expect(outcome.status == 69)
        #expect(outcome.errors.contains("returned 401"))
        #expect(outcome.errors.contains("--creds USER:PASSWORD"))
        let push = try bench.run(["push", "app.json", "\(registry.name)/team/other:1"])
        #expect(push.status == 69)
        #expect(push.errors.contains("401"))
    }

    @Test("--creds gives the credentials")
    func creds() throws {
        let outcome = try bench.pull(image, ["--creds", "\(LoginBench.user):\(LoginBench.password)"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let wrong = try bench.pull(image, ["--creds", "\(LoginBench.user):hunter2"])
        #expect(wrong.status == 69)
        #expect(wrong.errors.contains("returned 401"))
        let malformed = try bench.pull(image, ["--creds", "hunter2"])
        #expect(malformed.status == 64)
        #expect(malformed.errors.contains("USER:PASSWORD"))
    }

    @Test("Credentials are read from standard input, which no other user sees")
    func standardInput() throws {
        let pull = ["pull", image, "-o", "out.tar", "--quiet", "--creds-stdin"]
        for input in ["\(LoginBench.user):\(LoginBench.password)\n", "\(LoginBench.user):\(LoginBench.password)"] {
            let outcome = try bench.run(pull, input: Array(input.utf8))
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        #expect(try bench.run(pull).status == 64)
        #expect(try bench.run(pull + ["--creds", "a:b"]).status == 64)
    }

    @Test(
        "Credentials are read from the files of docker and podman",
        arguments: [
            (["--authfile", "mine.json"], "mine.json", [:]), ([], "mine.json", ["REGISTRY_AUTH_FILE": "mine.json"]),
            ([], "run/containers/auth.json", [:]), ([], "home/.config/containers/auth.json", [:]),
            ([], "config/config.json", ["DOCKER_CONFIG": "DIRECTORY/config"]), ([], "home/.docker/config.json", [:]),
        ] as [([String], String, [String: String])])
    func files(options: [String], file: String, environment: [String: String]) throws {
        let environment = environment.mapValues { $0.replacing("DIRECTORY", with: bench.directory.path) }
        #expect(try bench.pull(image, environment.isEmpty ? [] : [], environment).status == 69)
        let parent = URL(fileURLWithPath: bench.directory.path(file)).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        for key in [registry.name, "\(registry.name)/team", "https://\(registry.name)/v1/"] {
            try bench.writeLogin(key, to: file)
            let outcome = try bench.pull(image, options, environment)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        for key in ["\(registry.name)/other", "127.0.0.1", "127.0.0.1:1"] {
            try bench.writeLogin(key, to: file)
            #expect(try bench.pull(image, options, environment).status == 69)
        }
    }

    @Test("Credentials that docker stored are used")
    func dockersOwn() throws {
        let config = bench.directory.path("docker")
        try Program.output(
            [
                "docker", "--config", config, "--host", DockerDaemon.shared.host, "login", "--username",
                LoginBench.user, "--password-stdin", registry.name,
            ], input: Array(LoginBench.password.utf8))
        let outcome = try bench.pull(image, [], ["DOCKER_CONFIG": config])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test("Credentials that skopeo stored are used")
    func skopeosOwn() throws {
        let file = bench.directory.path("skopeo.json")
        try Program.output(
            [
                "skopeo", "login", "--tls-verify=false", "--authfile", file, "--username", LoginBench.user,
                "--password-stdin", registry.name,
            ], input: Array(LoginBench.password.utf8))
        let outcome = try bench.pull(image, ["--authfile", file])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test("A credential helper is run")
    func helper() throws {
        let path = try bench.write(
            """
            #!/bin/sh
            [ "$1" = get ] && read server && [ "$server" = "\(registry.name)" ] || exit 1
            printf '{"ServerURL": "%s", "Username": "\(LoginBench.user)", "Secret": "\(LoginBench.password)"}' "$server"
            """, to: "bin/docker-credential-tests")
        try #require(chmod(path, 0o755) == 0)
        let environment = ["PATH": bench.directory.path("bin") + ":/usr/bin:/bin"]
        for config in [
            #"{"credHelpers": {"\#(registry.name)": "tests"}}"#, #"{"credsStore": "tests"}"#,
        ] {
            try bench.write(config, to: "home/.docker/config.json")
            let outcome = try bench.pull(image, [], environment)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let missing = try bench.pull(image)
        #expect(missing.status == 69)
        #expect(missing.errors.contains("cannot get credentials from the credential helper 'docker-credential-tests'"))
        #expect(missing.errors.contains("returned 401"))
        try bench.write(
            "#!/bin/sh\necho hunter2; echo the keyring is locked >&2; exit 1\n", to: "bin/docker-credential-tests")
        let failing = try bench.pull(image, [], environment)
        #expect(failing.status == 69)
        #expect(failing.errors.contains("'docker-credential-tests': the keyring is locked\n"))
    }

    @Test("A credential helper ends with the program")
    func interruptedHelper() throws {
        let path = try bench.write(
            "#!/bin/sh\nsleep 1000 &\necho $$ $! >$PIDS.new && mv $PIDS.new $PIDS\nwait\n",
            to: "bin/docker-credential-slow")
        try #require(chmod(path, 0o755) == 0)
        try bench.write(#"{"credsStore": "slow"}"#, to: "home/.docker/config.json")
        let script = """
            "$@" & while [ ! -e "$PIDS" ]; do sleep 0.05; done
            kill -TERM $!; wait $!; echo $?
            for pid in $(cat "$PIDS"); do
                case "$(ps -o stat= -p $pid)" in ""|Z*) ;; *) echo "$pid is left" ;; esac
            done
            """
        let outcome = try Program.run(
            ["bash", "-c", script, "bash", Dockertools.path, "pull", image, "-o", "x.tar"],
            environment: [
                "PATH": bench.directory.path("bin") + ":/usr/bin:/bin", "PIDS": bench.directory.path("pids"),
                "HOME": bench.directory.path("home"), "XDG_RUNTIME_DIR": bench.directory.path("run"),
                "DOCKER_CONFIG": "", "REGISTRY_AUTH_FILE": "", "XDG_CACHE_HOME": bench.directory.path("cache"),
            ], in: bench.directory.path)
        #expect(outcome.text == "143\n")
    }

    @Test("A malformed credential file is an error that shows none of its contents")
    func malformed() throws {
        try bench.write(#"{"auths": {"\#(registry.name)": {"auth": "hunter2"#, to: "home/.docker/config.json")
        let outcome = try bench.pull(image)
        #expect(outcome.status == 65)
        #expect(
            outcome.errors.contains(
                "cannot read the credentials in '\(bench.directory.path("home/.docker/config.json"))'")
        )
    }

    @Test("--creds is used only for the registry named on the command line")
    func anotherRegistry() throws {
        let server = try ScriptedServer { _ in
            ScriptedServer.Response(401, [("WWW-Authenticate", #"Basic realm="x""#)], text: "")
        }
        let zeros = String(repeating: "0", count: 64)
        let pull =
            #"{"imageName": "\#(server.authority)/base", "imageDigest": "sha256:\#(zeros)", "sha256": "\#(zeros)"}"#
        try bench.write(#"{"name": "app", "fromImage": {"pull": \#(pull)}}"#, to: "based.json")
        let creds = ["--creds", "\(LoginBench.user):\(LoginBench.password)"]
        let outcome = try bench.run(["push", "based.json", "\(registry.name)/team/based:1"] + creds)
        #expect(outcome.status != 0)
        #expect(!server.requests.isEmpty, "\(outcome.errors)")
        #expect(server.requests.allSatisfy { $0.headers["authorization"] == nil })
        let two = try bench.run(
            ["diff", "docker://\(server.authority)/a", "docker://\(image)"] + creds)
        #expect(two.status == 64)
        #expect(two.errors.contains("cannot use the credentials for several registries"))
    }
}
