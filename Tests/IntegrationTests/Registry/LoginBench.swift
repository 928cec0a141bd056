import Foundation
import TestSupport
import Testing

/// A home directory, an image and an environment for tests of logins, without anything of the real user.
struct LoginBench {
    static let user = "ann"
    static let password = "hunter2:with/colon"
    static let auth = Data("\(user):\(password)".utf8).base64EncodedString()

    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        for name in ["home/.docker", "run", "tree", "bin"] {
            try FileManager.default.createDirectory(atPath: directory.path(name), withIntermediateDirectories: true)
        }
        try directory.write(Array("hello\n".utf8), to: "tree/greeting")
        try write(
            #"{"name": "app", "tag": "1", "contents": "\#(directory.path("tree"))", "closure": null}"#, to: "app.json")
    }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String { try directory.write(Array(text.utf8), to: name) }

    /// Writes a credential file in docker's and podman's format, with a login for one registry.
    @discardableResult
    func writeLogin(_ registry: String, to name: String, auth: String = auth) throws -> String {
        try write(#"{"auths": {"\#(registry)": {"auth": "\#(auth)"}}}"#, to: name)
    }

    /// Runs the program. No secret may be in its output, whatever the result.
    func run(
        _ arguments: [String], _ environment: [String: String] = [:], input: [UInt8] = []
    ) throws -> Program.Outcome {
        let own = [
            "HOME": directory.path("home"), "XDG_RUNTIME_DIR": directory.path("run"), "XDG_CONFIG_HOME": "",
            "DOCKER_CONFIG": "", "REGISTRY_AUTH_FILE": "", "XDG_CACHE_HOME": directory.path("cache"),
        ]
        let outcome = try Dockertools.run(
            arguments, input: input, environment: own.merging(environment) { $1 }, in: directory.path)
        for secret in [Self.password, "hunter2", Self.auth, "Bearer ", "Basic "] {
            #expect(!outcome.text.contains(secret))
            #expect(!outcome.errors.contains(secret))
        }
        return outcome
    }

    /// Runs the program, which must succeed.
    @discardableResult
    func output(_ arguments: [String], _ environment: [String: String] = [:]) throws -> String {
        let outcome = try run(arguments, environment)
        guard outcome.status == 0 else { throw Program.Failed(arguments, outcome) }
        return outcome.text
    }

    /// Pushes the image of the spec.
    func push(_ reference: String, _ options: [String] = [], _ environment: [String: String] = [:]) throws {
        try output(["push", "app.json", reference] + options, environment)
    }

    /// Inspects an image, which must have the expected file.
    func pull(
        _ reference: String, _ options: [String] = [], _ environment: [String: String] = [:]
    ) throws -> Program.Outcome {
        // Without the cache, so that every blob is fetched.
        let cache = try TemporaryDirectory()
        return try run(
            ["pull", reference, "-o", "pulled.tar"] + options,
            ["XDG_CACHE_HOME": cache.path].merging(environment) { $1 })
    }

    /// The hash of a password from `htpasswd -B`, the only form that the registry supports.
    static func htpasswd() throws -> String {
        let script = #"print "$ARGV[0]:", crypt($ARGV[1], q($2y$05$abcdefghijklmnopqrstuu)), "\n""#
        return String(decoding: try Program.output(["perl", "-e", script, user, password]), as: UTF8.self)
    }
}
