import Foundation
import TestSupport

/// The environment of a test: a store below a root, a directory for outputs, a TMPDIR and a cache.
final class TestMachine: Sendable {
    let directory: TemporaryDirectory
    /// Variables for all runs.
    private let variables: [String: String]

    /// - Parameter clockIsAhead: whether files count as old enough for their digests to be cached.
    init(clockIsAhead: Bool = false) throws {
        variables = clockIsAhead ? try ClockAhead.environment : [:]
        directory = try TemporaryDirectory()
        for name in ["root/nix/store", "out", "tmp", "cache"] { try makeDirectory(name) }
    }

    func path(_ name: String) -> String { directory.path(name) }

    func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
    }

    /// Writes a file and the directories above it.
    @discardableResult
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        try makeDirectory(String(name[..<(name.lastIndex(of: "/") ?? name.startIndex)]))
        return try directory.write(bytes, to: name)
    }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }

    /// The logical path of a store path whose hash is one letter, repeated 32 times.
    static func storePath(_ letter: Character, _ name: String) -> String {
        "/nix/store/" + String(repeating: letter, count: 32) + "-" + name
    }

    /// Adds a directory to the store.
    ///
    /// - Returns: the directory's logical path.
    @discardableResult
    func store(_ letter: Character, _ name: String, _ files: [String: [UInt8]] = ["file": [1]]) throws -> String {
        let path = Self.storePath(letter, name)
        try makeDirectory("root" + path)
        for (name, bytes) in files { try write(bytes, to: "root\(path)/\(name)") }
        return path
    }

    /// Writes a spec in JSON: the members that every spec has, and `members`.
    @discardableResult
    func spec(_ members: [String: Any] = [:], to name: String = "spec.json") throws -> String {
        let all = ["name": "image", "storeRoot": "root", "compressor": "none"].merging(members) { $1 }
        return try directory.write([UInt8](JSONSerialization.data(withJSONObject: all, options: .sortedKeys)), to: name)
    }

    /// Writes a graph file with paths and their references.
    func graph(_ references: [(path: String, references: [String])], to name: String = "graph.json") throws {
        let nodes = references.map { ["path": $0.path, "references": $0.references, "narSize": 1] as [String: Any] }
        try directory.write([UInt8](JSONSerialization.data(withJSONObject: nodes)), to: name)
    }

    var environment: [String: String] {
        ["TMPDIR": path("tmp"), "XDG_CACHE_HOME": path("cache"), "SOURCE_DATE_EPOCH": "1"].merging(variables) { $1 }
    }

    /// Runs the program in the machine's directory.
    func run(
        _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:]
    ) throws -> Program.Outcome {
        try Dockertools.run(
            arguments, input: input, environment: self.environment.merging(environment) { $1 }, in: directory.path)
    }

    /// Runs `layered` with an output in `out`.
    func layered(_ arguments: [String] = [], environment: [String: String] = [:]) throws -> Program.Outcome {
        try run(["layered", "spec.json", "-o", "out/image.tar", "--quiet"] + arguments, environment: environment)
    }

    /// Runs a shell script in the machine's directory; `$DOCKERTOOLS` is the program in it.
    func shell(_ script: String, environment: [String: String] = [:]) throws -> Program.Outcome {
        let all = self.environment.merging(["DOCKERTOOLS": Dockertools.path]) { $1 }.merging(environment) { $1 }
        return try Program.run(["bash", "-c", script], environment: all, in: directory.path)
    }

    /// Runs a script with a small tmpfs mounted on a directory, and then lists the directory on standard output.
    func onSmallDisk(_ directory: String, _ script: String) throws -> Program.Outcome {
        try shell(
            """
            unshare --mount bash -c 'mount -t tmpfs -o size=2m none \(directory) || exit 99
            \(script); status=$?; ls -A \(directory); exit $status'
            """)
    }

    /// The leftovers of a run: outputs, work files, and processes with this machine in their environment.
    var leftovers: [String] {
        get throws {
            let files = try ["out", "tmp"].flatMap { directory in
                try FileManager.default.contentsOfDirectory(atPath: path(directory)).map { "\(directory)/\($0)" }
            }
            return files.sorted() + (try processes)
        }
    }

    /// The command lines of the processes with this machine in their environment or arguments.
    var processes: [String] {
        get throws {
            let wanted = Data(directory.path.utf8)
            return try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }.compactMap {
                // A process may end in the meantime.
                guard let environment = FileManager.default.contents(atPath: "/proc/\($0)/environ"),
                    let command = FileManager.default.contents(atPath: "/proc/\($0)/cmdline"),
                    environment.range(of: wanted) != nil || command.range(of: wanted) != nil
                else { return nil }
                return "process " + String(decoding: command, as: UTF8.self).replacing("\0", with: " ")
            }
        }
    }
}

extension Program.Outcome {
    /// The parts of an error, or nil if standard error does not end with an error.
    var failure: (what: String, cause: String, fix: String)? {
        guard let match = errors.firstMatch(of: /(?s)(?:^|\n)error: (.+?)\n  why: (.+?)\n  fix: (.+?)\n$/) else {
            return nil
        }
        return (String(match.1), String(match.2), String(match.3))
    }
}
