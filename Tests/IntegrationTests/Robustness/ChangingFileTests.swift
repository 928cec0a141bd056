import Foundation
import TestSupport
import Testing

/// Tests that change files during a stream. Its only store layer starts with a file larger than a pipe; a test changes
/// the layer's second path after the first bytes arrived: the layer is planned and hashed then, but not sent yet.
@Suite("Files that change while they are read")
struct ChangingFileTests {
    private let machine: TestMachine
    private let late: String
    /// The path of the file that changes.
    private let file: String

    init() throws {
        machine = try TestMachine()
        let big = try machine.store("a", "a-big", ["big": [UInt8](repeating: 7, count: 12 << 20)])
        late = try machine.store(
            "b", "b-late", ["directory/file": Array("before".utf8), "large": [UInt8](repeating: 9, count: 200_000)])
        file = machine.path("root\(late)/directory/file")
        try machine.graph([(big, []), (late, [])])
        try machine.spec(["contents": [big, late], "closure": "graph.json", "maxLayers": 2])
    }

    enum Change: String, CaseIterable {
        case rewritten, longer, shorter, empty, removed
        case aLink, aFIFO, aDirectory, directoryRemoved, directoryALink, pathRemoved, largeShorter, largeADirectory
    }

    /// The shell script for a change.
    private func script(_ change: Change) -> String {
        let (path, directory) = ("'\(machine.path("root\(late)"))'", "'\(machine.path("root\(late)/directory"))'")
        let file = "\(directory)/file"
        return switch change {
        case .rewritten: "printf change > \(file)"
        case .longer: "printf more >> \(file)"
        case .shorter: "printf x > \(file)"
        case .empty: ": > \(file)"
        case .removed: "rm \(file)"
        case .aLink: "rm \(file); printf before > \(path)/other; ln -s ../other \(file)"
        case .aFIFO: "rm \(file); mkfifo \(file)"
        case .aDirectory: "rm \(file); mkdir \(file)"
        case .directoryRemoved: "rm -r \(directory)"
        case .directoryALink: "mv \(directory) \(path)/moved; ln -s moved \(directory)"
        case .pathRemoved: "rm -r \(path)"
        case .largeShorter: "truncate -s 100000 \(path)/large"
        case .largeADirectory: "rm \(path)/large; mkdir \(path)/large"
        }
    }

    @Test("A changed file ends the stream with status 74 and the file's name", arguments: Change.allCases)
    func change(_ change: Change) throws {
        let program = try RunningProgram(["stream", "spec.json", "--quiet"], on: machine)
        #expect(program.read(1024).count >= 1024)
        #expect(try machine.shell(script(change)).status == 0)
        let outcome = program.end()
        #expect(outcome.status == 74)
        let failure = try #require(outcome.failure)
        let path = machine.path("root\(late)")
        let changed =
            switch change {
            case .largeShorter, .largeADirectory: "\(path)/large"
            case .pathRemoved: path
            default: file
            }
        #expect(failure.what.hasSuffix(" \(changed)"), "\(failure)")
        switch change {
        case .rewritten, .longer, .shorter, .empty, .largeShorter, .aFIFO, .aDirectory, .largeADirectory:
            #expect(failure.cause == "the file changed while it was read")
            #expect(failure.fix == "make sure that no program writes to it, and run again")
        case .removed, .directoryRemoved, .pathRemoved:
            #expect(failure.cause == "No such file or directory (errno 2)")
        case .aLink, .directoryALink:
            #expect(failure.cause == "Too many levels of symbolic links (errno 40)")
        }
        #expect(try machine.leftovers == [])
    }

    @Test("The next run reads the changed file")
    func secondRun() throws {
        let first = try RunningProgram(["stream", "spec.json", "--quiet"], on: machine)
        first.read(1024)
        try machine.write("afterwards", to: "root\(late)/directory/file")
        #expect(first.end().status == 74)
        let second = try machine.run(["stream", "spec.json", "--quiet"])
        #expect(second.status == 0)
        try machine.write(second.output, to: "stream.tar")
        let listed = try machine.shell(
            "tar -xOf stream.tar --wildcards 'layers/*.tar' | tar -xiOPf - '\(late)/directory/file'")
        #expect(listed.text == "afterwards")
    }

    @Test("A file that disappears between the plan and the reading has status 74")
    func vanishing() throws {
        // The script runs before a layer is read. It sees this machine's files, but cannot change them.
        try machine.spec([
            "contents": [late], "closure": "graph.json",
            "extraCommands": "echo ready; until [ -e \(machine.path("go")) ]; do sleep 0.05; done",
        ])
        let program = try RunningProgram(["layered", "spec.json", "-o", "out/image.tar"], on: machine)
        #expect(program.wait { program.errors.contains("ready\n") })
        try machine.remove("root\(late)")
        try machine.write("", to: "go")
        let outcome = program.end()
        #expect(outcome.status == 74)
        #expect(outcome.failure?.what == "cannot read \(machine.path("root\(late)"))")
        #expect(outcome.failure?.cause == "No such file or directory (errno 2)")
        #expect(try machine.leftovers == [])
    }
}
