import Errors
import Foundation
import Synchronization
import SystemPackage
import TestSupport

@testable import DockerTools

/// A temporary directory for specs.
final class SpecDirectory {
    private let directory: TemporaryDirectory
    var path: FilePath { FilePath(directory.path) }

    init() throws { directory = try TemporaryDirectory() }

    func write(_ text: String, to name: String) throws {
        try write(Array(text.utf8), to: name)
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try directory.write(bytes, to: name)
    }

    /// Loads the spec of a file.
    func load(
        _ name: String, sets: [String] = [], verb: SpecVerb = .layered, environment: [String: String] = [:]
    ) throws -> ImageSpec {
        try ImageSpec.read(
            SpecFile.read(.anyFile(FilePath(name)), currentDirectory: path), sets: sets, verb: verb,
            environment: environment, now: { specNow })
    }

    /// Loads a spec of this text.
    func load(
        text: String, sets: [String] = [], verb: SpecVerb = .layered, environment: [String: String] = [:]
    ) throws -> ImageSpec {
        try write(text, to: "spec")
        return try load("spec", sets: sets, verb: verb, environment: environment)
    }

    /// Loads a spec for `pull` of this text.
    func loadPull(text: String, sets: [String] = []) throws -> PullSpec {
        try write(text, to: "spec")
        return try PullSpec.read(SpecFile.read(.anyFile("spec"), currentDirectory: path), sets: sets)
    }

    /// The issues of a spec with this text.
    func issues(_ text: String, sets: [String] = [], verb: SpecVerb = .layered) throws -> [String] {
        do {
            if verb == .pull {
                _ = try loadPull(text: text, sets: sets)
            } else {
                _ = try load(text: text, sets: sets, verb: verb)
            }
            return []
        } catch let failure as ToolError {
            guard failure.code == .data, failure.message.hasPrefix("the spec 'spec' has ") else { throw failure }
            return failure.cause.split(separator: "\n").map(String.init)
        }
    }
}

/// 2001-09-09T01:46:40Z, half a second later.
let specNow = Timestamp(seconds: 1_000_000_000, nanoseconds: 500_000_000) ?? .standard

/// The repository's Fixtures.
let fixtures = FilePath(URL(filePath: #filePath).deletingLastPathComponent().path).appending("../../Fixtures")
    .lexicallyNormalized()

/// A store path's base name.
func baseName(_ name: String, _ letter: Character = "a") -> String {
    String(repeating: letter, count: 32) + "-" + name
}

/// Keeps the warnings.
final class WarningLog: Reporter {
    private let log = Mutex<[String]>([])
    var warnings: [String] { log.withLock { $0 } }
    func note(_ text: String) {}
    func warn(_ text: String) { log.withLock { $0.append(text) } }
    func scriptOutput(_ line: String) {}
    func layer(_ number: Int, of count: Int, title: String, size: UInt64) {}
    func advance(_ bytes: Int) {}
    func finish() {}
}
