import Errors
import Foundation
import Glibc
import Processes
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// With shell scripts in the place of tools.
@Suite("A tool")
struct ToolCommandTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private var programPath: String { "\(directory.path):/usr/bin:/bin" }

    /// A command that runs a shell script.
    private func command(_ script: String, _ arguments: [String] = []) throws -> ToolCommand {
        try directory.write(Array("#!/bin/sh\n\(script)\n".utf8), to: "tool")
        try Program.output(["chmod", "755", directory.path("tool")])
        return ToolCommand(Tool("tool", remedy: "write it"), arguments, programPath: programPath)
    }

    @Test("gets its arguments, and its output is captured")
    func output() async throws {
        let result = try await command(#"printf '%s,' "$@"; echo warning >&2"#, ["a b", "", "c"]).run()
        #expect(result.isSuccess)
        #expect(String(decoding: result.output, as: UTF8.self) == "a b,,c,")
        #expect(result.errorText == "warning\n")
    }

    @Test("runs in the given environment only, in the C locale")
    func environment() async throws {
        var command = try command("env | grep -v -E '^(_|PWD|SHLVL|OLDPWD)=' | sort")
        command.environment = ["NAME": "value", "LC_ALL": "de_DE.UTF-8", "PATH": "/nowhere"]
        let expected = "NAME=value\nPATH=\(programPath)\n"
        #expect(String(decoding: try await command.run().output, as: UTF8.self) == "LC_ALL=C\n" + expected)
        command.locale = nil
        #expect(String(decoding: try await command.run().output, as: UTF8.self) == "LC_ALL=de_DE.UTF-8\n" + expected)
    }

    @Test("reads the given descriptor, or nothing")
    func input() async throws {
        var command = try command("cat")
        #expect(try await command.run().output.isEmpty)
        try directory.write(Array("text".utf8), to: "input")
        let file = try FileDescriptor.open(directory.path("input"), .readOnly, options: .closeOnExec)
        defer { try? file.close() }
        command.input = file
        #expect(try await command.run().output == Array("text".utf8))
        // It was not closed.
        #expect(try file.seek(offset: 0, from: .start) == 0)
    }

    @Test("that is missing is an error that says how to install it")
    func missing() async throws {
        let command = ToolCommand(.sqfstar, ["-version"], programPath: directory.path)
        let failure = await #expect(throws: ToolError.self) { try await command.run() }
        #expect(failure?.code == .unavailable)
        #expect(failure?.message == "cannot run sqfstar")
        #expect(failure?.cause == "the program sqfstar is not in PATH")
        #expect(failure?.remedy == "install it: apt-get install squashfs-tools")
    }

    @Test("is found in the directories of system programs where only root looks by default")
    func systemDirectories() async throws {
        let script = try command("true").tool
        #expect(script.usesSystemDirectories == false)
        let tool = Tool("ldconfig", remedy: "install it", usesSystemDirectories: true)
        #expect(try await ToolCommand(tool, ["--version"], programPath: directory.path).run().isSuccess)
    }

    @Test(
        "that fails is an error with its last lines, or how it ended",
        arguments: [
            ("exit 3", ToolResult.Status.exited(3), "it ended with status 3"),
            ("echo output; echo reason >&2; exit 1", .exited(1), "reason"),
            ("for n in 1 2 3 4 5 6 7; do echo $n >&2; done; exit 1", .exited(1), "3\n4\n5\n6\n7"),
            ("kill -9 $$", .signaled(9), "it was ended by signal 9"),
            ("echo reason >&2; kill -9 $$", .signaled(9), "it was ended by signal 9\nreason"),
        ])
    func failure(script: String, status: ToolResult.Status, cause: String) async throws {
        let result = try await command(script).run()
        #expect(result.status == status)
        #expect(!result.isSuccess)
        let failure = #expect(throws: ToolError.self) { try result.check(.data, "cannot do it", remedy: "do not") }
        #expect(failure == ToolError(.data, "cannot do it", cause: cause, remedy: "do not"))
    }

    @Test("that succeeds passes the check, whatever it writes to standard error")
    func success() async throws {
        try await command("echo warning >&2").run().check(.data, "cannot do it", remedy: "do not")
    }

    @Test("that writes more than the limit is an error")
    func limits() async throws {
        var command = try command("head -c 1001 /dev/zero", ["--dump"])
        command.output = .captured(limit: 1001, errorLimit: 10)
        #expect(try await command.run().output.count == 1001)
        command.output = .captured(limit: 1000, errorLimit: 10)
        let failure = await #expect(throws: ToolError.self) { try await command.run() }
        #expect(failure?.code == .data)
        #expect(failure?.message == "`tool --dump` writes too much")
        #expect(failure?.cause == "it writes more than 1000 bytes, or more than 10 to standard error")
    }

    @Test("may write much to standard error, which has a limit of its own")
    func manyErrors() async throws {
        var command = try command("head -c 1000000 /dev/zero >&2; echo output")
        command.output = .captured(limit: 100, errorLimit: 1_000_000)
        let result = try await command.run()
        #expect(result.output == Array("output\n".utf8))
        #expect(result.errorText.utf8.count == 1_000_000)
    }

    @Test("writes both streams to a reader of lines")
    func lines() async throws {
        var command = try command("echo one; echo two >&2; echo three")
        let lines = try ScriptOutput.start(limit: 10) { _ in }
        command.output = .lines(lines)
        let result = try await command.run()
        lines.finish()
        #expect(result.isSuccess)
        #expect(lines.last == ["one", "two", "three"])
    }

    @Test("has a process group of its own that is registered while it runs, and ends with it")
    func processGroup() async throws {
        let events = Mutex<[String]>([])
        var command = try command("sleep 1000 & ps -o pgid= -p $$")
        let lines = try ScriptOutput.start(limit: 1) { _ in }
        command.output = .lines(lines)
        command.groups = ProcessGroups(
            started: { group in events.withLock { $0.append("started \(group)") } },
            ended: { group in events.withLock { $0.append("ended \(group)") } })
        var id: pid_t = 0
        _ = try await command.run { started in
            id = started
            events.withLock { $0.append("body \(started)") }
        }
        // The end of the output comes only when the tool's child is gone too.
        lines.finish()
        #expect(events.withLock { $0 } == ["started \(id)", "body \(id)", "ended \(id)"])
        #expect(lines.last.map { $0.filter(\.isNumber) } == ["\(id)"])
    }

    @Test("belongs to this program's process group where no groups are registered")
    func ownGroup() async throws {
        let output = try await command("ps -o pgid= -p $$").run().output
        #expect(String(decoding: output, as: UTF8.self).filter(\.isNumber) == "\(getpgrp())")
    }

    @Test("is killed when its task is canceled, and its group is unregistered")
    func cancellation() async throws {
        let ended = Mutex(false)
        var command = try command("sleep 1000")
        command.groups = ProcessGroups(started: { _ in }, ended: { _ in ended.withLock { $0 = true } })
        let (starts, started) = AsyncStream.makeStream(of: pid_t.self)
        let task = Task { [command] in try await command.run { started.yield($0) } }
        var id: pid_t = 0
        for await start in starts {
            id = start
            break
        }
        task.cancel()
        _ = try? await task.value
        #expect(ended.withLock { $0 })
        #expect(kill(id, 0) == -1)
    }
}
