import Errors
import Processes

/// The database of the Nix that is installed on this machine, asked through `nix-store`.
package struct NixDatabase: ReferenceSource {
    /// The most bytes of paths that one command is given.
    ///
    /// Reason: the kernel guarantees 128 KiB for a command's arguments and environment together, however small the
    /// stack is (`execve(2)`, ARG_MAX).
    static let argumentLimit = 64 * 1024
    /// The most bytes that one command may write to standard error.
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

    /// Whether `nix-store` is on the PATH and all of the paths are valid in its database.
    package func holds(_ paths: [StorePath]) async -> Bool {
        // Whatever is wrong with this machine's Nix, the files can still be scanned.
        await (try? nixStore(["--check-validity"], paths)) != nil
    }

    /// - Throws: `ToolError` with code `unavailable` if there is no `nix-store`, `data` if it fails, as it does for a path
    ///   that it does not know.
    package func closure(of roots: [StorePath]) async throws -> Closure {
        let source = "the Nix database"
        let required = try await nixStore(["--query", "--requisites"], roots)
        let lines = String(decoding: required, as: UTF8.self).split(separator: "\n")
        var paths: Set<StorePath> = []
        for (index, line) in lines.enumerated() {
            guard let path = StorePath(line, storeDir: storeDir) else {
                throw GraphFault(source: source, place: "line \(index + 1) of `nix-store --query --requisites`")
                    .failure(found: GraphFault.quote(line), expected: "a store path of the store \(storeDir)")
            }
            paths.insert(path)
        }
        // In the order of exportReferencesGraph, so that both give the same plan.
        let sorted = paths.sorted { $0.baseName < $1.baseName }
        let registration = try await nixStore(["--dump-db"], sorted)
        let nodes = try Registration(source: "\(source) (nix-store --dump-db)", storeDir: storeDir)
            .nodes(of: registration)
        return try Closure(nodes, source: source).reachable(from: roots)
    }

    /// What `nix-store` writes, given `paths` in as many turns as it takes.
    private func nixStore(_ options: [String], _ paths: [StorePath]) async throws -> [UInt8] {
        var output: [UInt8] = []
        for turn in Self.turns(paths.map(\.path)) {
            output += try await nixStore(options + turn)
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

    /// Splits arguments so that none of the parts is longer than `argumentLimit`; there is no empty part.
    static func turns(_ arguments: [String]) -> [[String]] {
        var turns: [[String]] = []
        var room = 0
        for argument in arguments {
            // Each ends in a NUL and has a pointer to it.
            let length = argument.utf8.count + 1 + MemoryLayout<UInt>.size
            if length > room || turns.isEmpty {
                turns.append([])
                room = argumentLimit
            }
            turns[turns.count - 1].append(argument)
            room -= length
        }
        return turns
    }
}
