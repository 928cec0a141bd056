import Foundation
import Glibc
import TestSupport

/// A running program, whose standard output is a pipe that the test reads at its own speed.
final class RunningProgram {
    private let process = Process()
    private let pipe = Pipe()
    private let files: TemporaryDirectory
    /// The timeout of everything that a test waits for, in seconds.
    static let timeout = 60.0

    /// - Parameter caller: the prefix that runs a command as another user, in the same process.
    init(_ arguments: [String], on machine: TestMachine, as caller: [String] = []) throws {
        files = try TemporaryDirectory()
        try files.write([], to: "err")
        // A caller has its own `$DOCKERTOOLS`, which that user can read.
        let command =
            caller.isEmpty ? [Dockertools.path] : caller + ["bash", "-c", "exec \"$DOCKERTOOLS\" \"$@\"", "bash"]
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(machine.environment) { $1 }
        process.currentDirectoryURL = URL(fileURLWithPath: machine.directory.path)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = FileHandle(forWritingAtPath: files.path("err"))
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    var errors: String { String(decoding: (try? files.read("err")) ?? [], as: UTF8.self) }

    /// Reads at least `count` bytes, or fewer at the end of the output.
    @discardableResult
    func read(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count < count {
            let got = Glibc.read(pipe.fileHandleForReading.fileDescriptor, &buffer, min(buffer.count, count))
            if got <= 0 { break }
            bytes += buffer[..<got]
        }
        return bytes
    }

    /// Waits for a state.
    ///
    /// - Returns: false if the program ended or the timeout expired first.
    func wait(until isReached: () throws -> Bool) rethrows -> Bool {
        let end = Date.now + Self.timeout
        while Date.now < end {
            if try isReached() { return true }
            guard process.isRunning else { return false }
            usleep(5000)
        }
        return false
    }

    /// Closes the reading end of the output pipe.
    func closeOutput() { try? pipe.fileHandleForReading.close() }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Reads the remaining output, and waits for the end. After the timeout, the program is killed.
    func end() -> Program.Outcome {
        let number = process.processIdentifier
        let watch = DispatchWorkItem { kill(number, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.timeout, execute: watch)
        defer { watch.cancel() }
        let rest = read(.max)
        process.waitUntilExit()
        return Program.Outcome(status: process.terminationStatus, output: rest, errors: errors)
    }
}
