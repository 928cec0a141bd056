import Foundation
import Glibc
import TestSupport

/// The program while it runs, its standard output a pipe that the test reads as slowly as it likes.
final class RunningProgram {
    private let process = Process()
    private let pipe = Pipe()
    private let files: TemporaryDirectory
    /// How long anything may take that a test waits for.
    static let patience = 60.0

    /// - Parameter caller: what runs a command as another user, in the same process.
    init(_ arguments: [String], on machine: TestMachine, as caller: [String] = []) throws {
        files = try TemporaryDirectory()
        try files.write([], to: "err")
        // A caller's own `$DOCKERTOOLS` lies where that user can reach it.
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

    /// Reads at least `count` bytes, fewer only where the output ends.
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

    /// Waits for a state; false if the program ended or all patience did.
    func wait(until isReached: () throws -> Bool) rethrows -> Bool {
        let end = Date.now + Self.patience
        while Date.now < end {
            if try isReached() { return true }
            guard process.isRunning else { return false }
            usleep(5000)
        }
        return false
    }

    /// Closes the reading end of the output.
    func closeOutput() { try? pipe.fileHandleForReading.close() }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Reads the rest of the output, and waits for the end; what takes too long is killed.
    func end() -> Program.Outcome {
        let number = process.processIdentifier
        let watch = DispatchWorkItem { kill(number, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.patience, execute: watch)
        defer { watch.cancel() }
        let rest = read(.max)
        process.waitUntilExit()
        return Program.Outcome(status: process.terminationStatus, output: rest, errors: errors)
    }
}
