import Foundation
import TestSupport

/// A Nix store that only the tests use and share, with the derivations of `Tests/Peers/sample-store.nix`.
///
/// Its directory is mounted over `/nix` for each command that needs it there, in the command's own namespace: the
/// machine's own store, if any, is neither read nor changed.
struct NixStore {
    private let directory: SharedDirectory
    /// The store paths by their names in the Nix expression.
    private var paths: [String: String]

    /// The store, built at its first use.
    static var shared: NixStore { get throws { try made.get() } }

    private static let made = Result { try NixStore() }

    private init() throws {
        directory = try SharedDirectory("nix")
        for name in ["nix", "conf", "home"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory.path)/\(name)", withIntermediateDirectories: true)
        }
        try """
        sandbox = false
        build-users-group =
        substitute = false
        experimental-features = nix-command
        """.write(toFile: "\(directory.path)/conf/nix.conf", atomically: false, encoding: .utf8)
        let expression = "\(Dockertools.checkout)/Tests/Peers/sample-store.nix"
        paths = [:]
        try output(["nix-store", "--init"])
        let names = try JSONDecoder().decode(
            [String].self,
            from: Data(
                try output(["nix-instantiate", "--eval", "--json", "-E", "builtins.attrNames (import \(expression))"])))
        let build = ["nix-build", "--no-out-link", "--keep-going", expression]
        // Signal 9 sometimes ends a build; the next attempt continues from its finished store paths.
        var built = try run(build)
        for _ in 0..<4 where built.status != 0 { built = try run(build) }
        guard built.status == 0 else { throw Program.Failed(["nix-build"], built) }
        paths = Dictionary(uniqueKeysWithValues: zip(names, built.text.split(separator: "\n").map(String.init)))
    }

    /// The store path with a name in the Nix expression.
    subscript(_ name: String) -> String { paths[name] ?? "/nix/store/no-\(name)" }

    /// All store paths.
    var all: [String] { paths.values.sorted() }

    /// The `storeRoot` for commands that run without the mount.
    var root: String { directory.path }

    /// Runs a command with the store mounted at `/nix`.
    func run(
        _ command: [String], input: [UInt8] = [], environment: [String: String] = [:], in directory: String? = nil
    ) throws -> Program.Outcome {
        let own = ["NIX_CONF_DIR": "\(root)/conf", "HOME": "\(root)/home", "XDG_CACHE_HOME": "\(root)/home/cache"]
        let mounting = "mkdir -p /nix && mount --bind \"$0\" /nix && exec \"$@\""
        return try Program.run(
            ["unshare", "--mount", "--propagation", "private", "bash", "-c", mounting, "\(root)/nix"] + command,
            input: input, environment: own.merging(environment) { $1 }, in: directory)
    }

    /// Runs a command with the store mounted at `/nix`; it must succeed.
    @discardableResult
    func output(_ command: [String], input: [UInt8] = [], environment: [String: String] = [:]) throws -> [UInt8] {
        let outcome = try run(command, input: input, environment: environment)
        guard outcome.status == 0 else { throw Program.Failed(command, outcome) }
        return outcome.output
    }

    /// The closure of some paths in the format of `nix-store --dump-db`.
    func registration(of roots: [String]) throws -> [UInt8] {
        let required = String(decoding: try output(["nix-store", "--query", "--requisites"] + roots), as: UTF8.self)
        return try output(["nix-store", "--dump-db"] + required.split(separator: "\n").map(String.init).sorted())
    }
}
