import Foundation

/// Runs other programs, such as the tools whose results ours must match.
package enum Program {
    /// The result of a program.
    package struct Outcome: Sendable {
        /// The exit status, or the number of the signal that ended the program.
        package let status: Int32
        /// The bytes of standard output.
        package let output: [UInt8]
        /// The text of standard error.
        package let errors: String

        /// Makes a result.
        package init(status: Int32, output: [UInt8], errors: String) {
            self.status = status
            self.output = output
            self.errors = errors
        }

        /// The text of standard output.
        package var text: String { String(decoding: output, as: UTF8.self) }
    }

    /// A program that ended with a status other than 0.
    package struct Failed: Error, CustomStringConvertible {
        /// The program and its arguments.
        package let command: [String]
        /// The result with the status.
        package let outcome: Outcome

        /// Makes an error for a command and its result.
        package init(_ command: [String], _ outcome: Outcome) {
            self.command = command
            self.outcome = outcome
        }

        /// The command, its status and its standard error.
        package var description: String { "\(command) ended with \(outcome.status): \(outcome.errors)" }
    }

    /// Runs a program found in PATH to its end. Its output goes to files, so that no pipe can fill up.
    ///
    /// - Parameter environment: variables to add to those of this process.
    package static func run(
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
    package static func output(
        _ command: [String], input: [UInt8] = [], environment: [String: String] = [:], in directory: String? = nil
    ) throws -> [UInt8] {
        let outcome = try run(command, input: input, environment: environment, in: directory)
        guard outcome.status == 0 else { throw Failed(command, outcome) }
        return outcome.output
    }

    /// Runs a Python script that must succeed.
    ///
    /// - Returns: the bytes of its standard output.
    package static func python(_ script: String, _ arguments: [String] = [], input: [UInt8] = []) throws -> [UInt8] {
        try output(["python3", "-c", script] + arguments, input: input)
    }
}
