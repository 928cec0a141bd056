import Foundation
import TestSupport

/// The program under test, run as a user runs it.
enum Dockertools {
    /// The release binary that `make test` names; else the one that was built with the tests.
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
    /// - Parameter environment: what is set besides what this process has. The cache is a new one unless it says otherwise.
    static func run(
        _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:], in directory: String? = nil
    ) throws -> Program.Outcome {
        let cache = try TemporaryDirectory()
        let environment = ["XDG_CACHE_HOME": cache.path].merging(environment) { $1 }
        return try Program.run([path] + arguments, input: input, environment: environment, in: directory)
    }
}
