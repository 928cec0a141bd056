import Errors
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import DockerTools

struct WorkDirectoryTests {
    private let directory: SpecDirectory

    init() throws { directory = try SpecDirectory() }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: directory.path.string).sorted() }
    }

    private func context(_ temporary: String?) -> Context {
        Context(environment: temporary.map { ["TMPDIR": $0] } ?? [:], currentDirectory: directory.path)
    }

    @Test func goesWithAllThatIsInIt() throws {
        do {
            let work = try WorkDirectory(context(directory.path.string))
            #expect(work.path.removingLastComponent() == directory.path)
            #expect(work.path.lastComponent?.string.hasPrefix("dockertools-\(getpid())-") == true)
            let made = try work.makeDirectory("layer")
            #expect(made == work.path.appending("layer"))
            try Data([1]).write(to: URL(filePath: made.appending("file").string))
            let mode = try FileManager.default.attributesOfItem(atPath: work.path.string)[.posixPermissions] as? Int
            #expect(mode == 0o700)
        }
        #expect(try names == [])
    }

    @Test func isAbsoluteWhateverTMPDIRSays() throws {
        try FileManager.default.createDirectory(
            atPath: directory.path.appending("tmp").string, withIntermediateDirectories: false)
        #expect(try WorkDirectory(context("tmp")).path.removingLastComponent() == directory.path.appending("tmp"))
        #expect(try WorkDirectory(context(nil)).path.string.hasPrefix("/tmp/dockertools-"))
        #expect(try WorkDirectory(context("")).path.string.hasPrefix("/tmp/dockertools-"))
    }

    @Test func saysWhatToSetWhereItCannotBeMade() throws {
        let nowhere = directory.path.appending("gone")
        let failure = ToolError.io(
            "cannot create a work directory in \(nowhere)", .noSuchFileOrDirectory,
            remedy: "set TMPDIR to a writable directory")
        #expect(throws: failure) { try WorkDirectory(context(nowhere.string)) }
    }
}

struct DirectoryRemovalTests {
    private let directory: SpecDirectory
    private let doomed: FilePath

    init() throws {
        directory = try SpecDirectory()
        doomed = directory.path.appending("doomed")
        try FileManager.default.createDirectory(atPath: doomed.string, withIntermediateDirectories: false)
    }

    private func shell(_ script: String) throws {
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/bash")
        shell.arguments = ["-ec", script]
        shell.currentDirectoryURL = URL(filePath: doomed.string)
        try shell.run()
        shell.waitUntilExit()
        try #require(shell.terminationStatus == 0)
    }

    private var isThere: Bool { FileManager.default.fileExists(atPath: doomed.string) }

    @Test func removesReadOnlyDirectoriesAndAllKinds() throws {
        try shell("mkdir -p a/b/c; touch a/b/c/f a/g; mkfifo a/b/p; ln -s nowhere l; chmod 0 a/b/c; chmod 500 a/b a .")
        #expect(DirectoryRemoval.remove(doomed))
        #expect(!isThere)
    }

    @Test func followsNoLink() throws {
        try directory.write("precious", to: "kept")
        try shell("ln -s .. up; ln -s ../kept file; mkdir a; ln -s ../.. a/up")
        #expect(DirectoryRemoval.remove(doomed))
        #expect(!isThere)
        #expect(FileManager.default.fileExists(atPath: directory.path.appending("kept").string))
    }

    @Test func removesNoDirectoryThroughALink() throws {
        let link = directory.path.appending("link")
        try FileManager.default.createSymbolicLink(atPath: link.string, withDestinationPath: "doomed")
        #expect(!DirectoryRemoval.remove(link))
        #expect(isThere)
    }

    @Test func removesTreesThatAreDeepAndDirectoriesWithManyNames() throws {
        try shell(
            """
            python3 -c 'import os
            for i in range(500): open("f%d" % i, "w").close(); os.mkdir("d%d" % i)
            for i in range(1500): os.mkdir("x"); os.chdir("x"); open("file", "w").close()'
            mkdir -p .1/.1/.2 .2; touch .1/.1/file .3
            """)
        #expect(DirectoryRemoval.remove(doomed))
        #expect(!isThere)
    }

    @Test func isDoneWhereThereIsNothing() {
        #expect(DirectoryRemoval.remove(directory.path.appending("gone")))
    }
}
