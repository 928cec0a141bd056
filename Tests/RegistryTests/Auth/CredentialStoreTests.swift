import Errors
import Foundation
import Glibc
import Processes
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Registry

/// Tests with temporary files and helper scripts.
@Suite("Credential store")
struct CredentialStoreTests {
    private let directory: TemporaryDirectory
    /// The warnings of all stores.
    private let warnings = Warnings()

    private final class Warnings: Sendable {
        let texts = Mutex<[String]>([])
    }

    init() throws {
        directory = try TemporaryDirectory()
        for name in ["bin", "home/.docker", "run/containers", "config/containers"] {
            try FileManager.default.createDirectory(atPath: directory.path(name), withIntermediateDirectories: true)
        }
    }

    private func store(
        authFile: FilePath? = nil, timeLimit: Duration = .seconds(3600), groups: ProcessGroups? = nil,
        variables: [String: String] = [:]
    ) -> CredentialStore {
        CredentialStore(
            authFile: authFile,
            environment: [
                "HOME": directory.path("home"), "XDG_RUNTIME_DIR": directory.path("run"),
                "XDG_CONFIG_HOME": directory.path("config"), "PATH": directory.path("bin") + ":/usr/bin:/bin",
                "LOG": directory.path("log"),
            ].merging(variables) { $1 },
            currentDirectory: FilePath(directory.path),
            groups: groups ?? ProcessGroups(started: { _ in }, ended: { _ in }), timeLimit: timeLimit, user: 0
        ) { [warnings] text in warnings.texts.withLock { $0.append(text) } }
    }

    private func write(_ text: String, to name: String) throws {
        try directory.write(Array(text.utf8), to: name)
    }

    private func helper(_ name: String, _ script: String) throws {
        try write("#!/bin/sh\n\(script)\n", to: "bin/docker-credential-\(name)")
        try #require(chmod(directory.path("bin/docker-credential-\(name)"), 0o755) == 0)
    }

    private func password(_ user: String, _ password: String) -> Credentials {
        .password(user: user, password: Secret(password))
    }

    private func login(_ user: String) -> String {
        #"{"auths": {"a.example": {"username": "\#(user)", "password": "x"}}}"#
    }

    @Test("reads podman's files before docker's, until one has credentials")
    func order() async throws {
        #expect(try await store().credentials(for: "a.example", repository: "r") == .none)
        try write(login("docker"), to: "home/.docker/config.json")
        #expect(try await store().credentials(for: "a.example", repository: "r") == password("docker", "x"))
        try write(login("user"), to: "config/containers/auth.json")
        #expect(try await store().credentials(for: "a.example", repository: "r") == password("user", "x"))
        try write(login("run"), to: "run/containers/auth.json")
        #expect(try await store().credentials(for: "a.example", repository: "r") == password("run", "x"))
        #expect(try await store().credentials(for: "b.example", repository: "r") == .none)
        try write(#"{"auths": {"a.example/other": {"auth": "!"}}}"#, to: "run/containers/auth.json")
        #expect(try await store().credentials(for: "a.example", repository: "r") == password("user", "x"))
    }

    @Test("reads only the given file")
    func namedFile() async throws {
        try write(login("docker"), to: "home/.docker/config.json")
        try write("{}", to: "mine.json")
        let store = store(authFile: "mine.json")
        #expect(try await store.credentials(for: "a.example", repository: "r") == .none)
    }

    @Test("gets a password or token from the registry's helper")
    func helpers() async throws {
        try write(#"{"credHelpers": {"a.example": "one", "b.example": "two"}}"#, to: "home/.docker/config.json")
        try helper(
            "one",
            #"echo "$@" >$LOG; cat >>$LOG; printf '{"ServerURL": "a.example", "Username": "ann", "Secret": "s:\\u00e9"}'"#
        )
        try helper("two", #"echo '{"ServerURL": "b.example", "Username": "<token>", "Secret": "T"}'"#)
        #expect(try await store().credentials(for: "a.example", repository: "r") == password("ann", "s:é"))
        #expect(String(decoding: try directory.read("log"), as: UTF8.self) == "get\na.example\n")
        #expect(try await store().credentials(for: "b.example", repository: "r") == .identityToken(Secret("T")))
    }

    @Test("uses the file's entries if the default helper has no credentials")
    func helperWithout() async throws {
        try write(
            #"{"credsStore": "all", "auths": {"a.example": {"auth": "YW5uOnB3"}}}"#, to: "home/.docker/config.json")
        try helper("all", "cat >$LOG; echo 'credentials not found in native keychain'; exit 1")
        #expect(try await store().credentials(for: "a.example", repository: "r") == password("ann", "pw"))
        #expect(try await store().credentials(for: "docker.io", repository: "library/redis") == .none)
        #expect(String(decoding: try directory.read("log"), as: UTF8.self) == "https://index.docker.io/v1/\n")
    }

    @Test("reads $DOCKER_AUTH_CONFIG before all files but a named one")
    func variable() async throws {
        try write(login("docker"), to: "home/.docker/config.json")
        try write(login("named"), to: "named.json")
        let variables = ["DOCKER_AUTH_CONFIG": login("variable")]
        let found = try await store(variables: variables).credentials(for: "a.example", repository: "r")
        #expect(found == password("variable", "x"))
        let named = try await store(authFile: "named.json", variables: variables)
            .credentials(for: "a.example", repository: "r")
        #expect(named == password("named", "x"))
        let failure = await #expect(throws: ToolError.self) {
            try await store(variables: ["DOCKER_AUTH_CONFIG": "{"]).credentials(for: "a.example", repository: "r")
        }
        #expect(failure?.message == "cannot read the credentials in '$DOCKER_AUTH_CONFIG'")
    }

    @Test("takes a file without contents as none", arguments: ["", " \n"])
    func emptyFile(text: String) async throws {
        try write(text, to: "home/.docker/config.json")
        #expect(try await store().credentials(for: "a.example", repository: "r") == .none)
    }

    @Test(
        "warns about a helper's failure with its standard error, but never its standard output",
        arguments: [
            ("echo hunter2; echo locked >&2; exit 3", "locked"),
            ("echo hunter2; exit 3", "it ended with status 3"),
            ("echo hunter2; kill -9 $$", "it was ended by signal 9"),
            ("echo hunter2", "its output is not an object with the strings Username and Secret"),
            (
                #"echo '{"Username": "hunter2"}'"#, "its output is not an object with the strings Username and Secret"
            ),
            (
                "yes hunter2 | head -c 2000000",
                "it writes more than 1048576 bytes, or more than 1048576 to standard error"
            ),
        ])
    func badHelper(script: String, cause: String) async throws {
        try write(
            #"{"credHelpers": {"a.example": "bad"}, "auths": {"a.example": {"auth": "YW5uOnB3"}}}"#,
            to: "config/containers/auth.json")
        try write(login("docker"), to: "home/.docker/config.json")
        try helper("bad", script)
        // The search goes on.
        #expect(try await store().credentials(for: "a.example", repository: "r") != .none)
        #expect(
            warnings.texts.withLock { $0 } == [
                "cannot get credentials from the credential helper 'docker-credential-bad': \(cause)"
            ])
    }

    @Test("terminates a slow helper and its children")
    func slowHelper() async throws {
        try write(#"{"credHelpers": {"a.example": "slow"}}"#, to: "home/.docker/config.json")
        try helper("slow", "trap '' TERM; sleep 1000 & sleep 1000")
        let seen = Mutex<[String]>([])
        let groups = ProcessGroups(
            started: { group in seen.withLock { $0.append("started \(group)") } },
            ended: { group in seen.withLock { $0.append("ended \(group)") } })
        let store = store(timeLimit: .seconds(1), groups: groups)
        #expect(try await store.credentials(for: "a.example", repository: "r") == .none)
        #expect(warnings.texts.withLock { $0.first?.hasSuffix("it did not exit within 1 seconds") } == true)
        let events = seen.withLock { $0 }
        #expect(events.count == 2)
        let group = try #require(events.first?.split(separator: " ").last.flatMap { pid_t($0) })
        #expect(events == ["started \(group)", "ended \(group)"])
        // No process of the group is left except zombies.
        let left = try Program.run(["pgrep", "--pgroup", "\(group)", "--runstates", "DRST"])
        #expect(left.status == 1, "\(left.text)")
    }

    @Test("warns about a missing helper")
    func missingHelper() async throws {
        try write(#"{"credsStore": "nowhere"}"#, to: "home/.docker/config.json")
        #expect(try await store().credentials(for: "a.example", repository: "r") == .none)
        #expect(
            warnings.texts.withLock { $0.first?.hasSuffix("the program docker-credential-nowhere is not in PATH") }
                == true)
    }

    @Test("rejects a helper's name with a path", arguments: ["../evil", "/bin/evil", "a b", ""])
    func helperNames(name: String) async throws {
        try write(#"{"credHelpers": {"a.example": "\#(name)"}}"#, to: "home/.docker/config.json")
        guard !name.isEmpty else {
            #expect(try await store().credentials(for: "a.example", repository: "r") == .none)
            return
        }
        let failure = await #expect(throws: ToolError.self) {
            try await store().credentials(for: "a.example", repository: "r")
        }
        #expect(failure?.code == .data)
        #expect(failure?.cause == "it names a credential helper that is not a valid program name")
    }
}

@Suite("Credential file locations")
struct CredentialFileLocationTests {
    private func paths(_ environment: [String: String], authFile: FilePath? = nil) -> [String] {
        CredentialFileLocation.all(authFile: authFile, environment: environment, currentDirectory: "/work", user: 7)
            .map { ($0.isRequired ? "!" : "") + $0.path.string }
    }

    @Test("are podman's files, then docker's")
    func order() {
        #expect(
            paths(["HOME": "/home/ann"]) == [
                "/run/containers/7/auth.json", "/home/ann/.config/containers/auth.json",
                "/home/ann/.docker/config.json",
            ])
        #expect(
            paths([
                "HOME": "/home/ann", "XDG_RUNTIME_DIR": "/run/user/7", "XDG_CONFIG_HOME": "/c", "DOCKER_CONFIG": "/d",
            ])
                == ["/run/user/7/containers/auth.json", "/c/containers/auth.json", "/d/config.json"])
        #expect(paths(["DOCKER_CONFIG": "", "HOME": "", "XDG_RUNTIME_DIR": "run"]) == ["/run/containers/7/auth.json"])
    }

    @Test("are the given file only")
    func named() {
        let environment = ["HOME": "/home/ann", "REGISTRY_AUTH_FILE": "auth/file"]
        #expect(paths(environment) == ["/work/auth/file"])
        #expect(paths(environment, authFile: "mine.json") == ["!/work/mine.json"])
        #expect(paths(environment, authFile: "/mine.json") == ["!/mine.json"])
        #expect(paths(["REGISTRY_AUTH_FILE": ""]).count == 1)
    }
}
