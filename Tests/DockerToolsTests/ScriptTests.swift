import Errors
import Foundation
import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import CLI
@testable import DockerTools

struct ScriptTests {
    private let directory: SpecDirectory
    private let work: WorkDirectory
    private let layer: FilePath

    init() throws {
        directory = try SpecDirectory()
        work = try WorkDirectory(
            Context(environment: ["TMPDIR": directory.path.string], currentDirectory: directory.path))
        layer = try work.makeDirectory("layer")
    }

    /// Runs a script.
    ///
    /// - Returns: the lines that it wrote.
    @discardableResult
    private func run(_ text: String, modified: Int64 = 1) async throws -> [String] {
        let lines = Mutex<[String]>([])
        let script = Script(key: "extraCommands", text: text, modified: modified)
        var context = Context(environment: [:], currentDirectory: "/")
        // Without it, a process that the script leaves running would keep the script's output open.
        context.processSupervisor = OrphanReaper()
        try await script.run(in: layer, work: work, context: context) { line in
            lines.withLock { $0.append(line) }
        }
        return lines.withLock { $0 }
    }

    private func failure(_ cause: String) -> ToolError {
        ToolError(.script, "extraCommands failed", cause: cause, remedy: "correct extraCommands in the spec")
    }

    @Test func runsInTheDirectoryWithBash() async throws {
        #expect(try await run("pwd; echo ${BASH_VERSION:+bash}; touch made") == [layer.string, "bash"])
        #expect(FileManager.default.fileExists(atPath: layer.appending("made").string))
    }

    @Test func hasAnEnvironmentOfItsOwn() async throws {
        setenv("SCRIPT_TESTS_SECRET", "x", 1)
        let environment = "#!/usr/bin/env python3\nimport os\nfor e in os.environ.items(): print(*e, sep=\"=\")\n"
        #expect(
            try await run(environment, modified: 77).sorted() == [
                "HOME=/homeless-shelter", "LC_ALL=C", "PATH=/usr/local/bin:/usr/bin:/bin", "SOURCE_DATE_EPOCH=77",
                "TMPDIR=\(work.path)/tmp", "TZ=UTC",
            ])
    }

    @Test func hasATemporaryDirectoryAndNoStandardInput() async throws {
        #expect(
            try await run("mktemp | grep -c ^$TMPDIR/; cat; ls /proc/$$/fd | sort -n | head -n 3 | tr '\\n' ' '")
                == ["1", "0 1 2 "])
    }

    @Test func isRunByItsOwnFirstLine() async throws {
        #expect(try await run("#!/usr/bin/env python3\nprint(1 + 1)\n") == ["2"])
    }

    @Test func stopsAtTheFirstFailure() async throws {
        await #expect(throws: failure("it ended with status 1; its last lines:\n    one")) {
            try await run("echo one; false; echo two")
        }
    }

    @Test func tellsItsStatusAndTheLastTwentyLines() async throws {
        let last = (31...50).map { "\n    \($0)" }.joined()
        await #expect(throws: failure("it ended with status 9; its last lines:\(last)")) {
            try await run("seq 50; exit 9")
        }
    }

    @Test func tellsOfASignal() async throws {
        await #expect(throws: failure("it was ended by signal 15; it wrote nothing")) { try await run("kill $$") }
    }

    @Test func handsOnBothStreamsInOrderAndTheLastLineWithoutItsEnd() async throws {
        #expect(try await run("echo a; echo b >&2; echo; printf 'c\\377'") == ["a", "b", "", "c\u{FFFD}"])
    }

    @Test func cutsLinesThatDoNotEnd() async throws {
        let lines = try await run("head -c 300000 /dev/zero | tr '\\0' x")
        #expect(lines.count > 1)
        #expect(lines.joined().utf8.count == 300_000)
        #expect(lines.allSatisfy { $0.utf8.count < 200_000 })
    }

    @Test(arguments: [
        "sleep SECONDS & echo started", "setsid sleep SECONDS & echo started",
        "nohup bash -c 'sleep SECONDS; true' > /dev/null 2>&1 & echo started",
        "set -m; sleep SECONDS & echo started; disown", "env -i setsid sleep SECONDS & echo started",
        "python3 -c 'import os, time\nif os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\n"
            + "print(\"started\", flush=True)\ntime.sleep(SECONDS)'; sleep 0.2",
    ])
    func leavesNothingRunning(_ text: String) async throws {
        // The script sees process IDs of its own namespace, so its processes are found by their arguments.
        let seconds = "1000.\(UInt32.random(in: 1...UInt32.max))"
        #expect(try await run(text.replacing("SECONDS", with: seconds)) == ["started"])
        let left = try Program.run(["pgrep", "--full", "--runstates", "DRST", seconds.replacing(".", with: "[.]")])
        #expect(left.status == 1, "\(left.text)")
    }

    @Test func saysWhatToDoWhereItCannotBeRun() async throws {
        let own = await #expect(throws: ToolError.self) { try await run("#!/nowhere/sh\n") }
        #expect(own?.code == .script)
        #expect(own?.message == "cannot run extraCommands")
        #expect(own?.remedy == "check the script's first line")
    }
}
