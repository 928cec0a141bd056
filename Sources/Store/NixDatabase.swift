import Errors
import Processes

/// The Nix database of this machine, queried with `nix-store`.
package struct NixDatabase: ReferenceSource {
    /// The largest size of the paths in one command, in bytes.
    ///
    /// The kernel guarantees 128 KiB for a command's arguments and environment together (execve(2), ARG_MAX).
    static let argumentLimit = 64 * 1024
    /// The largest size of a command's standard error in bytes.
    private static let messageLimit = 1024 * 1024

    private let storeDir: String
    private let environment: [String: String]

    /// - Parameters:
    ///   - storeDir: the store directory of all paths.
    ///   - environment: the environment of `nix-store`, which is looked up in its PATH.
    package init(storeDir: String, environment: [String: String]) {
        self.storeDir = storeDir
        self.environment = environment
    }

    /// Checks that `nix-store` is in PATH and all paths are valid in its database.
    package func holds(_ paths: [StorePath]) async -> Bool {
        // If Nix does not work on this machine, the caller scans the files instead.
        await (try? nixStore(["--check-validity"], paths)) != nil
    }

    /// The closure of some roots.
    ///
    /// - Throws: `ToolError` with code `unavailable` if `nix-store` is missing, `data` if it fails, as it does for an
    ///   unknown path.
    package func closure(of roots: [StorePath]) async throws -> Closure {
        let source = "the Nix database"
        let required = try await nixStore(["--query", "--requisites"], roots)
        let lines = String(decoding: required, as: UTF8.self).split(separator: "\n")
        var paths: Set<StorePath> = []
        for (index, line) in lines.enumerated() {
            guard let path = StorePath(line, storeDir: storeDir) else {
                throw GraphPosition(source: source, place: "line \(index + 1) of `nix-store --query --requisites`")
                    .error(found: GraphPosition.quote(line), expected: "a store path of the store \(storeDir)")
            }
            paths.insert(path)
        }
        // The order of exportReferencesGraph, so that both sources give the same plan.
        let sorted = paths.sorted { $0.baseName < $1.baseName }
        let registration = try await nixStore(["--dump-db"], sorted)
        let nodes = try Registration(source: "\(source) (nix-store --dump-db)", storeDir: storeDir)
            .nodes(of: registration)
        return try Closure(nodes, source: source).reachable(from: roots)
    }

    /// The output of `nix-store` for paths, which are passed in as many commands as needed.
    private func nixStore(_ options: [String], _ paths: [StorePath]) async throws -> [UInt8] {
        var output: [UInt8] = []
        for arguments in Self.batches(paths.map(\.path)) {
            output += try await nixStore(options + arguments)
            guard output.count <= GraphFile.sizeLimit else {
                throw ToolError(
                    .data, "`nix-store \(options[0])` writes too much",
                    cause: "it writes more than \(GraphFile.sizeLimit) bytes",
                    remedy: "run it by hand to see what it writes")
            }
        }
        return output
    }

    private func nixStore(_ arguments: [String]) async throws -> [UInt8] {
        var command = ToolCommand(.nixStore, arguments, programPath: ToolCommand.programPath(in: environment))
        command.environment = environment
        command.output = .captured(limit: GraphFile.sizeLimit, errorLimit: Self.messageLimit)
        let result = try await command.run()
        try result.check(
            .data, "`\(command)` \(result.status)",
            remedy: "build or fetch the missing paths, or give a graph file with the key `closure`")
        return result.output
    }

    /// Splits arguments into batches of at most `argumentLimit` bytes. A longer argument has a batch of its own.
    static func batches(_ arguments: [String]) -> [[String]] {
        var batches: [[String]] = []
        var room = 0
        for argument in arguments {
            // Each argument takes its bytes, a NUL and a pointer.
            let length = argument.utf8.count + 1 + MemoryLayout<UInt>.size
            if length > room || batches.isEmpty {
                batches.append([])
                room = argumentLimit
            }
            batches[batches.count - 1].append(argument)
            room -= length
        }
        return batches
    }
}
