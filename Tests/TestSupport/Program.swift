import Foundation

/// Runs other programs, such as the tools whose results ours must match.
public enum Program {
    /// The result of a program.
    public struct Outcome: Sendable {
        /// The exit status, or the number of the signal that ended the program.
        public let status: Int32
        public let output: [UInt8]
        public let errors: String

        public init(status: Int32, output: [UInt8], errors: String) {
            self.status = status
            self.output = output
            self.errors = errors
        }

        public var text: String { String(decoding: output, as: UTF8.self) }
    }

    /// A program that ended with a status other than 0.
    public struct Failed: Error, CustomStringConvertible {
        public let command: [String]
        public let outcome: Outcome

        public init(_ command: [String], _ outcome: Outcome) {
            self.command = command
            self.outcome = outcome
        }

        public var description: String { "\(command) ended with \(outcome.status): \(outcome.errors)" }
    }

    /// Runs a program found in PATH to its end. Its output goes to files, so that no pipe can fill up.
    ///
    /// - Parameter environment: variables to add to those of this process.
    public static func run(
        _ command: [String], input: [UInt8] = [], environment: [String: String] = [:], in directory: String? = nil
    ) throws -> Outcome {
        let files = try TemporaryDirectory()
        for name in ["out", "err"] { try files.write([], to: name) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        process.standardInput = FileHandle(forReadingAtPath: try files.write(input, to: "in"))
        process.standardOutput = FileHandle(forWritingAtPath: files.path("out"))
        process.standardError = FileHandle(forWritingAtPath: files.path("err"))
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: try files.read("out"),
            errors: String(decoding: try files.read("err"), as: UTF8.self))
    }

    /// Runs a program that must succeed.
    ///
    /// - Returns: the bytes of its standard output.
    @discardableResult
    public static func output(
        _ command: [String], input: [UInt8] = [], environment: [String: String] = [:], in directory: String? = nil
    ) throws -> [UInt8] {
        let outcome = try run(command, input: input, environment: environment, in: directory)
        guard outcome.status == 0 else { throw Failed(command, outcome) }
        return outcome.output
    }

    /// Runs a Python script that must succeed.
    ///
    /// - Returns: the bytes of its standard output.
    public static func python(_ script: String, _ arguments: [String] = [], input: [UInt8] = []) throws -> [UInt8] {
        try output(["python3", "-c", script] + arguments, input: input)
    }
}
