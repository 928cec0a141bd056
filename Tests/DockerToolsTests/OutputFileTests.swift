import Errors
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import DockerTools

struct OutputFileTests {
    private let directory: SpecDirectory

    init() throws { directory = try SpecDirectory() }

    private var place: FilePath { directory.path.appending("image.tar") }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: directory.path.string).sorted() }
    }

    private var context: Context { Context(environment: [:], currentDirectory: directory.path) }

    private func text(_ name: String = "image.tar") throws -> String {
        try String(contentsOfFile: directory.path.appending(name).string, encoding: .utf8)
    }

    private func put(_ text: String, into file: OutputFile) {
        #expect(Glibc.write(file.descriptor, text, text.utf8.count) == text.utf8.count)
    }

    @Test func isHiddenUntilItIsWhole() throws {
        let file = try OutputFile(place, context)
        put("whole", into: file)
        #expect(try names == [".image.tar.partial"])
        try file.commit()
        #expect(try names == ["image.tar"])
        #expect(try text() == "whole")
    }

    @Test func leavesNothingWhereItIsNotCommitted() throws {
        try directory.write("before", to: "image.tar")
        do {
            let file = try OutputFile(place, context)
            put("half", into: file)
        }
        #expect(try names == ["image.tar"])
        #expect(try text() == "before")
    }

    @Test func replacesWhatWasThereAndFollowsALink() throws {
        try directory.write("before", to: "image.tar")
        let link = directory.path.appending("link")
        try FileManager.default.createSymbolicLink(atPath: link.string, withDestinationPath: "image.tar")
        let file = try OutputFile(link, context)
        put("after", into: file)
        try file.commit()
        #expect(try names == ["image.tar", "link"])
        #expect(try text() == "after")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.string) == "image.tar")
    }

    @Test func replacesTheOrphanOfAKilledRun() throws {
        try directory.write("orphan, and longer than what comes", to: ".image.tar.partial")
        let file = try OutputFile(place, context)
        put("whole", into: file)
        try file.commit()
        #expect(try names == ["image.tar"])
        #expect(try text() == "whole")
    }

    @Test func leavesThePartialFileOfALivingRunAlone() throws {
        let first = try OutputFile(place, context)
        put("first", into: first)
        let second = try OutputFile(place, context)
        put("second", into: second)
        #expect(try names == [".image.tar.\(getpid()).partial", ".image.tar.partial"])
        try first.commit()
        #expect(try text() == "first")
        try second.commit()
        #expect(try text() == "second")
        #expect(try names == ["image.tar"])
    }

    @Test func takesNoLinkForAnOrphan() throws {
        try directory.write("mine", to: "precious")
        let partial = directory.path.appending(".image.tar.partial")
        try FileManager.default.createSymbolicLink(atPath: partial.string, withDestinationPath: "precious")
        let file = try OutputFile(place, context)
        put("whole", into: file)
        try file.commit()
        #expect(try text("precious") == "mine")
        #expect(try text() == "whole")
    }

    @Test func hasTheModeThatTheMaskOfTheContextLeaves() throws {
        for mask: mode_t in [0o022, 0o077] {
            var context = context
            context.fileCreationMask = mask
            try OutputFile(place, context).commit()
            let mode = try FileManager.default.attributesOfItem(atPath: place.string)[.posixPermissions] as? Int
            #expect(mode == Int(0o666 & ~mask))
        }
    }

    @Test func writesToADeviceAsItIs() throws {
        let file = try OutputFile("/dev/null", context)
        put("anything", into: file)
        try file.commit()
        var status = stat()
        #expect(stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    }

    @Test func takesALongNameAndRefusesADirectory() throws {
        let long = directory.path.appending(String(repeating: "n", count: 255))
        try OutputFile(long, context).commit()
        #expect(try names == [String(repeating: "n", count: 255)])
        #expect(
            throws: ToolError(
                .usage, "cannot write to \(directory.path)", cause: "it is a directory",
                remedy: "name a file in it with \(.output)")
        ) { try OutputFile(directory.path, context) }
        let nowhere = directory.path.appending("gone/image.tar")
        #expect(throws: ToolError.io("cannot write \(nowhere)", .noSuchFileOrDirectory)) {
            try OutputFile(nowhere, context)
        }
    }
}
