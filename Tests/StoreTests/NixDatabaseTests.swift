import Errors
import Foundation
import OCI
import Subprocess
import SystemPackage
import Testing

@testable import Store

/// With the `nix-store` of this machine and a store and database of each test.
@Suite("The Nix database")
struct NixDatabaseTests {
    private let directory: TreeDirectory
    private let storeDir: String
    private let environment: [String: String]
    private let a: StorePath
    private let b: StorePath
    private let c: StorePath

    init() async throws {
        directory = try TreeDirectory()
        storeDir = directory.path.appending("store").string
        let own = [
            "NIX_STORE_DIR": storeDir, "NIX_STATE_DIR": directory.path.appending("var").string,
            "NIX_LOG_DIR": directory.path.appending("log").string,
            "NIX_CONF_DIR": directory.path.appending("etc").string,
        ]
        environment = ProcessInfo.processInfo.environment.merging(own) { $1 }
        a = try Sample.path("a", "a", storeDir: storeDir)
        b = try Sample.path("b", "b", storeDir: storeDir)
        c = try Sample.path("c", "c", storeDir: storeDir)
        for path in [a, b, c] { try directory.write("store/\(path.baseName)", "") }
        let hash = String(repeating: "0", count: 64)
        let lines = [b.path, hash, "120", "", "1", c.path, c.path, hash, "130", "", "1", c.path]
        try await register(lines + [a.path, hash, "140", "", "1", c.path])
    }

    private func register(_ lines: [String]) async throws {
        let overrides = environment.map { (Environment.Key(stringLiteral: $0.key), Optional($0.value)) }
        let result = try await run(
            .name("nix-store"), arguments: ["--load-db"],
            environment: .inherit.updating(Dictionary(uniqueKeysWithValues: overrides)),
            input: .string(lines.map { $0 + "\n" }.joined()), output: .discarded, error: .string(limit: 4096))
        try #require(result.terminationStatus.isSuccess, "\(result.standardError)")
    }

    private var database: NixDatabase { NixDatabase(storeDir: storeDir, environment: environment) }

    @Test("has the closures of paths")
    func closures() async throws {
        let hash = Digest(hex: String(repeating: "0", count: 64))
        #expect(
            try await database.closure(of: [b]).nodes == [
                Sample.node(b, [c], narSize: 120, narHash: hash), Sample.node(c, narSize: 130, narHash: hash),
            ])
        #expect(try await database.closure(of: [c, b, a]).nodes.map(\.path) == [a, b, c])
        #expect(try await database.closure(of: []).nodes.isEmpty)
    }

    @Test("holds only valid paths")
    func whatItHolds() async throws {
        let unknown = try Sample.path("d", "d", storeDir: storeDir)
        #expect(await database.holds([a, b, c]))
        #expect(await !database.holds([a, unknown]))
        #expect(await !database.holds([try Sample.path("a", "a")]))
        #expect(await !NixDatabase(storeDir: storeDir, environment: ["PATH": "/nowhere"]).holds([a]))
    }

    @Test("reports an unknown path")
    func aPathThatItDoesNotKnow() async throws {
        let unknown = try Sample.path("d", "d", storeDir: storeDir)
        let failure = await #expect(throws: ToolError.self) { try await database.closure(of: [a, unknown]) }
        #expect(failure?.code == .data)
        #expect(failure?.message == "`nix-store --query` ended with status 1")
        #expect(failure?.cause == "error: path '\(unknown)' is not valid")
    }

    @Test("is unavailable without nix-store")
    func noNix() async throws {
        let failure = await #expect(throws: ToolError.self) {
            try await NixDatabase(storeDir: storeDir, environment: ["PATH": "/nowhere"]).closure(of: [a])
        }
        #expect(failure?.code == .unavailable)
        #expect(failure?.message == "cannot run nix-store")
    }

    @Test("is queried for many paths in several commands")
    func manyPathsAreAskedForInTurns() async throws {
        let paths = try (0..<3000).map { number in
            try #require(
                StorePath(baseName: String(repeating: "d", count: 32) + "-n\(number)", storeDir: storeDir))
        }
        let hash = String(repeating: "0", count: 64)
        try await register(paths.flatMap { [$0.path, hash, "1", "", "0"] })
        #expect(NixDatabase.batches(paths.map(\.path)).count > 1)
        #expect(try await database.closure(of: paths).nodes.count == 3000)
    }

    @Test("is queried in batches that are full and never empty")
    func turnsAreFullAndNeverEmpty() {
        #expect(NixDatabase.batches([]) == [])
        let half = String(repeating: "x", count: NixDatabase.argumentLimit / 2 - 9)
        #expect(NixDatabase.batches([half, half, half]) == [[half, half], [half]])
        let long = String(repeating: "x", count: NixDatabase.argumentLimit)
        #expect(NixDatabase.batches([long, "a", "b"]) == [[long], ["a", "b"]])
    }

    @Test("must return store paths")
    func nonsenseFromNixIsRefused() async throws {
        try directory.write("bin/nix-store", "#!/bin/sh\necho nonsense\n", mode: 0o755)
        let path = "\(directory.path)/bin:/usr/bin:/bin"
        let failure = await #expect(throws: ToolError.self) {
            try await NixDatabase(storeDir: storeDir, environment: ["PATH": path]).closure(of: [a])
        }
        #expect(failure?.code == .data)
        #expect(
            failure?.cause == "line 1 of `nix-store --query --requisites`: found 'nonsense', "
                + "expected a store path of the store \(storeDir)")
    }

    @Test("is used if it has all paths and there is no graph file")
    func theChoiceOfASource() async throws {
        let here = StoreLocation(storeDir: storeDir)
        let known = await ReferenceSourceChoice.choose(graph: nil, store: here, roots: [a], database: database)
        #expect(known.source is NixDatabase)
        #expect(known.note == nil)

        let unknown = try Sample.path("d", "d", storeDir: storeDir)
        let scan = await ReferenceSourceChoice.choose(graph: nil, store: here, roots: [a, unknown], database: database)
        #expect(scan.source is ReferenceScan)
        #expect(scan.note == "no Nix database holds all the paths: scanning the files of \(storeDir) for references")

        let elsewhere = StoreLocation(storeDir: "/nix/store", root: directory.path)
        let below = await ReferenceSourceChoice.choose(graph: nil, store: elsewhere, roots: [a], database: database)
        #expect(below.source is ReferenceScan)
        #expect(
            below.note == "the store is below \(directory.path): scanning the files of \(directory.path)/nix/store "
                + "for references")
        #expect(await ReferenceSourceChoice.choose(graph: nil, store: here, roots: [], database: database).note == nil)

        let graph = try GraphFile.read(try directory.write("graph", "[]"), storeDir: storeDir)
        let given = await ReferenceSourceChoice.choose(graph: graph, store: here, roots: [a], database: database)
        #expect(given.source is GraphFile)
        #expect(given.note == nil)
    }
}
