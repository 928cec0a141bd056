import Foundation
import Glibc
import TestSupport
import Testing

/// Tests of a warm cache with one store path.
@Suite("Digest cache")
struct DigestCacheTests {
    private let machine: TestMachine
    private let path: String
    /// The digest of the store path's layer.
    private let digest: String

    init() throws {
        machine = try TestMachine(clockIsAhead: true)
        path = try machine.store(
            "a", "one", ["file": Array("contents".utf8), "large": Array(repeating: 1, count: 99_999)])
        try machine.graph([(path, [])])
        try machine.spec(["contents": [path], "closure": "graph.json"])
        digest = try Self.digest(machine, cold: true)
        _ = try Self.digest(machine)
    }

    /// The digest of the first layer in a run, with the machine's cache or an empty one.
    private static func digest(_ machine: TestMachine, cold: Bool = false) throws -> String {
        let outcome = try machine.run(
            ["layered", "spec.json", "-o", "/dev/null", "--json", "--quiet"],
            environment: cold ? ["XDG_CACHE_HOME": "/dev/null"] : [:])
        #expect(outcome.status == 0)
        #expect(outcome.errors == "")
        return String(try #require(outcome.text.firstMatch(of: /"diffID":"(sha256:[0-9a-f]{64})"/)).1)
    }

    /// The files of the cache.
    private var entries: [String] {
        get throws {
            let directory = machine.path("cache")
            return try FileManager.default.subpathsOfDirectory(atPath: directory).map { "\(directory)/\($0)" }.filter {
                var isDirectory: ObjCBool = false
                return FileManager.default.fileExists(atPath: $0, isDirectory: &isDirectory) && !isDirectory.boolValue
            }
        }
    }

    /// The file of the cache that contains a digest.
    private func file(of digest: String) throws -> String {
        try #require(
            try entries.first { FileManager.default.contents(atPath: $0)?.starts(with: Data(digest.utf8)) == true })
    }

    /// The number of times that a run opens the store path's large file.
    private func opens(_ arguments: String, _ environment: String = "") throws -> Int {
        let outcome = try machine.shell(
            """
            \(environment) strace -f -qq -o trace -e trace=open,openat,openat2 $DOCKERTOOLS layered spec.json --quiet \
            \(arguments) && grep -c '"large"' trace
            """)
        #expect(outcome.status == 0)
        return try #require(Int(outcome.text.split(separator: "\n").last ?? ""))
    }

    @Test("A file is read once, whether its digest is known or not, to a file and to a pipe")
    func reads() throws {
        // Of the store path, and of the links to it.
        #expect(try entries.count == 2)
        #expect(try opens("-o - | cat > /dev/null; true", "XDG_CACHE_HOME=/dev/null") == 1)
        #expect(try opens("-o - | cat > /dev/null; true") == 1)
        #expect(try opens("-o out/image.tar", "XDG_CACHE_HOME=/dev/null") == 1)
        #expect(try opens("-o out/image.tar") == 1)
        #expect(
            try machine.shell(
                "$DOCKERTOOLS plan spec.json; strace -f -qq -o trace -e trace=openat2 $DOCKERTOOLS plan spec.json > /dev/null; cat trace"
            ).text.contains("large") == false)
    }

    @Test("A damaged, truncated or foreign entry is ignored and replaced")
    func damagedEntries() throws {
        let entry = try file(of: digest)
        let whole = try #require(FileManager.default.contents(atPath: entry))
        let other = "sha256:" + String(repeating: "0", count: 64)
        let lines = String(decoding: whole, as: UTF8.self).split(separator: "\n")
        try #require(lines.count == 2 && lines[0] == digest)
        for damaged in [
            Data(), Data("junk".utf8), whole.dropLast(1), whole.prefix(40), whole + Data("\n".utf8),
            Data("\(other)\n\(lines[1])\n".utf8), Data("\(lines[0])\n\(other)\n".utf8),
            Data(repeating: 0xFF, count: 4096),
        ] {
            try damaged.write(to: URL(filePath: entry))
            #expect(try Self.digest(machine) == digest)
            #expect(FileManager.default.contents(atPath: entry) == whole)
        }
        #expect(try entries.count == 2)
    }

    @Test("An entry with another path's digest, or a directory or FIFO in its place, is ignored")
    func misplacedEntries() throws {
        let entry = try file(of: digest)
        let second = try machine.store("b", "two")
        try machine.graph([(second, [])])
        try machine.spec(["contents": [second], "closure": "graph.json"])
        let digestOfSecond = try Self.digest(machine, cold: true)
        _ = try Self.digest(machine)
        let entryOfSecond = try file(of: digestOfSecond)
        for script in ["cp '\(entry)' '\(entryOfSecond)'", "rm '\(entryOfSecond)'; mkfifo '\(entryOfSecond)'"] {
            #expect(try machine.shell(script).status == 0)
            #expect(try Self.digest(machine) == digestOfSecond)
        }
        #expect(try machine.shell("rm '\(entryOfSecond)'; mkdir '\(entryOfSecond)'").status == 0)
        #expect(try Self.digest(machine) == digestOfSecond)
        #expect(try entries.contains(entry) && !entries.contains(entryOfSecond))
    }

    @Test("A file with other contents gives another digest, even with the same size and time")
    func tampered() throws {
        let before = try FileManager.default.attributesOfItem(atPath: machine.path("root\(path)/file"))
        let script = "cd 'root\(path)'; touch -r file ../time; printf CONTENTS > file; touch -r ../time file"
        #expect(try machine.shell(script).status == 0)
        let after = try FileManager.default.attributesOfItem(atPath: machine.path("root\(path)/file"))
        #expect(before[.modificationDate] as? Date == after[.modificationDate] as? Date)
        #expect(before[.size] as? UInt64 == after[.size] as? UInt64)
        let changed = try Self.digest(machine)
        #expect(changed != digest)
        #expect(try changed == Self.digest(machine, cold: true))
    }

    @Test("Other owners and another time give other digests, and each is cached")
    func otherOwners() throws {
        for set in ["uid=1", "gid=1", "uname=me", "gname=us", "mtime=2001-01-01T00:00:00Z"] {
            let first = try machine.layered(["--json", "--set", set])
            #expect(!first.text.contains(digest))
            #expect(try machine.layered(["--json", "--set", set]).output == first.output)
        }
        #expect(try entries.count == 12)
    }

    @Test("A cache that is missing or read-only is no failure")
    func unwritable() throws {
        try machine.write("", to: "file")
        for cache in [machine.path("file"), "/dev/null", "/proc/cache", "relative", ""] {
            let outcome = try machine.layered(["--json"], environment: ["XDG_CACHE_HOME": cache, "HOME": "/proc"])
            #expect(outcome.status == 0)
            #expect(outcome.errors == "")
            #expect(outcome.text.contains(digest))
        }
        #expect(!FileManager.default.fileExists(atPath: machine.path("relative")))
    }

    @Test("Processes that fill a cold cache at the same time agree, and leave only entries")
    func together() throws {
        _ = try machine.shell("rm -rf cache/*")
        let programs = try (0..<4).map { _ in
            try RunningProgram(["layered", "spec.json", "-o", "/dev/null", "--json", "--quiet"], on: machine)
        }
        let outcomes = programs.map { $0.end() }
        #expect(outcomes.allSatisfy { $0.status == 0 && $0.errors == "" && $0.output == outcomes[0].output })
        #expect(outcomes[0].text.contains(digest))
        #expect(try entries.count == 2)
        #expect(try entries.allSatisfy { $0.wholeMatch(of: /.*\/layers\/([0-9a-f]{2})\/\1[0-9a-f]{62}/) != nil })
        #expect(try Self.digest(machine) == digest)
    }
}
