import Failures
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import DockerTools

struct WorkFolderTests {
    private let folder: SpecFolder

    init() throws { folder = try SpecFolder() }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path.string).sorted() }
    }

    private func surroundings(_ temporary: String?) -> Surroundings {
        Surroundings(environment: temporary.map { ["TMPDIR": $0] } ?? [:], currentDirectory: folder.path)
    }

    @Test func goesWithAllThatIsInIt() throws {
        do {
            let work = try WorkFolder(surroundings(folder.path.string))
            #expect(work.path.removingLastComponent() == folder.path)
            #expect(work.path.lastComponent?.string.hasPrefix("dockertools-\(getpid())-") == true)
            let made = try work.makeFolder("layer")
            #expect(made == work.path.appending("layer"))
            try Data([1]).write(to: URL(filePath: made.appending("file").string))
            let mode = try FileManager.default.attributesOfItem(atPath: work.path.string)[.posixPermissions] as? Int
            #expect(mode == 0o700)
        }
        #expect(try names == [])
    }

    @Test func isAbsoluteWhateverTMPDIRSays() throws {
        try FileManager.default.createDirectory(
            atPath: folder.path.appending("tmp").string, withIntermediateDirectories: false)
        #expect(try WorkFolder(surroundings("tmp")).path.removingLastComponent() == folder.path.appending("tmp"))
        #expect(try WorkFolder(surroundings(nil)).path.string.hasPrefix("/tmp/dockertools-"))
        #expect(try WorkFolder(surroundings("")).path.string.hasPrefix("/tmp/dockertools-"))
    }

    @Test func saysWhatToSetWhereItCannotBeMade() throws {
        let nowhere = folder.path.appending("gone")
        let failure = Failure.io(
            "cannot make a work folder in \(nowhere)", .noSuchFileOrDirectory,
            advice: "set TMPDIR to a folder that can be written to")
        #expect(throws: failure) { try WorkFolder(surroundings(nowhere.string)) }
    }
}

struct FolderRemovalTests {
    private let folder: SpecFolder
    private let doomed: FilePath

    init() throws {
        folder = try SpecFolder()
        doomed = folder.path.appending("doomed")
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

    @Test func removesReadOnlyFoldersAndAllKinds() throws {
        try shell("mkdir -p a/b/c; touch a/b/c/f a/g; mkfifo a/b/p; ln -s nowhere l; chmod 0 a/b/c; chmod 500 a/b a .")
        #expect(FolderRemoval.remove(doomed))
        #expect(!isThere)
    }

    @Test func followsNoLink() throws {
        try folder.write("precious", to: "kept")
        try shell("ln -s .. up; ln -s ../kept file; mkdir a; ln -s ../.. a/up")
        #expect(FolderRemoval.remove(doomed))
        #expect(!isThere)
        #expect(FileManager.default.fileExists(atPath: folder.path.appending("kept").string))
    }

    @Test func removesNoFolderThroughALink() throws {
        let link = folder.path.appending("link")
        try FileManager.default.createSymbolicLink(atPath: link.string, withDestinationPath: "doomed")
        #expect(!FolderRemoval.remove(link))
        #expect(isThere)
    }

    @Test func removesTreesThatAreDeepAndFoldersWithManyNames() throws {
        try shell(
            """
            python3 -c 'import os
            for i in range(500): open("f%d" % i, "w").close(); os.mkdir("d%d" % i)
            for i in range(1500): os.mkdir("x"); os.chdir("x"); open("file", "w").close()'
            mkdir -p .1/.1/.2 .2; touch .1/.1/file .3
            """)
        #expect(FolderRemoval.remove(doomed))
        #expect(!isThere)
    }

    @Test func isDoneWhereThereIsNothing() {
        #expect(FolderRemoval.remove(folder.path.appending("gone")))
    }
}
