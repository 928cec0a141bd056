import Foundation
import TestSupport
import Testing

/// A user's machine for tests of what registries want to know: home, image, and nothing of the real user's.
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

    /// A file of docker's and podman's, with a login for a registry.
    @discardableResult
    func writeLogin(_ registry: String, to name: String, auth: String = auth) throws -> String {
        try write(#"{"auths": {"\#(registry)": {"auth": "\#(auth)"}}}"#, to: name)
    }

    /// Runs the program. Whatever comes of it, no secret shows in what it prints.
    func run(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Program.Outcome {
        let own = [
            "HOME": directory.path("home"), "XDG_RUNTIME_DIR": directory.path("run"), "XDG_CONFIG_HOME": "",
            "DOCKER_CONFIG": "", "REGISTRY_AUTH_FILE": "", "XDG_CACHE_HOME": directory.path("cache"),
        ]
        let outcome = try Dockertools.run(arguments, environment: own.merging(environment) { $1 }, in: directory.path)
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

    /// Looks at an image, whose one file has to be there.
    func pull(
        _ reference: String, _ options: [String] = [], _ environment: [String: String] = [:]
    ) throws -> Program.Outcome {
        // Nothing is spared that was brought before.
        let cache = try TemporaryDirectory()
        return try run(
            ["pull", reference, "-o", "pulled.tar"] + options,
            ["XDG_CACHE_HOME": cache.path].merging(environment) { $1 })
    }

    /// How a password is kept by `htpasswd -B`: the registry takes no other form.
    static func htpasswd() throws -> String {
        let script = #"print "$ARGV[0]:", crypt($ARGV[1], q($2y$05$abcdefghijklmnopqrstuu)), "\n""#
        return String(decoding: try Program.output(["perl", "-e", script, user, password]), as: UTF8.self)
    }
}
