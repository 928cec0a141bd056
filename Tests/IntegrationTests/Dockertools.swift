import Foundation
import TestSupport

/// The program under test, run like a user runs it.
enum Dockertools {
    /// The path of the program: $DOCKERTOOLS (the release binary, set by `make test`), or the one built with the tests.
    static let path: String = {
        if let path = ProcessInfo.processInfo.environment["DOCKERTOOLS"], !path.isEmpty { return path }
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        return bundle.appendingPathComponent("dockertools").path
    }()

    /// The root of the checkout.
    static let checkout = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// Runs the program to its end.
    ///
    /// - Parameter environment: variables to add to those of this process. By default the cache is a new directory.
    static func run(
        _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:], in directory: String? = nil
    ) throws -> Program.Outcome {
        let cache = try TemporaryDirectory()
        let environment = ["XDG_CACHE_HOME": cache.path].merging(environment) { $1 }
        return try Program.run([path] + arguments, input: input, environment: environment, in: directory)
    }

    /// Copies the fixtures, with modes that do not depend on the umask of the checkout, since digests depend on modes.
    ///
    /// - Returns: the directory of the copy, and an environment with the program in its PATH and a cache of its own.
    static func fixtures() throws -> (directory: TemporaryDirectory, environment: [String: String]) {
        let directory = try TemporaryDirectory()
        try Program.output(["cp", "-R", "\(checkout)/Fixtures/.", directory.path])
        try Program.output(["chmod", "-R", "u=rwX,go=rX", directory.path])
        let program = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let search = "\(program):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
        return (directory, ["PATH": search, "XDG_CACHE_HOME": directory.path("cache")])
    }
}
