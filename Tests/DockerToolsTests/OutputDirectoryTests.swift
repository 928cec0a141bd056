import Errors
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import DockerTools

struct OutputDirectoryTests {
    private let directory: SpecDirectory

    init() throws { directory = try SpecDirectory() }

    private var context: Context { Context(environment: [:], currentDirectory: directory.path) }
    private var place: FilePath { directory.path.appending("image.oci") }

    private func names(_ below: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path.appending(below).string).sorted()
    }

    private func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: directory.path.appending(name).string, withIntermediateDirectories: true)
    }

    /// Makes an output with one file.
    private func make(_ text: String) throws {
        let output = try OutputDirectory(place, context)
        try Data(text.utf8).write(to: URL(filePath: output.path.appending("oci-layout").string))
        try output.commit()
    }

    private func text() throws -> String {
        try String(contentsOfFile: place.appending("oci-layout").string, encoding: .utf8)
    }

    @Test func isHiddenUntilItIsWhole() throws {
        let output = try OutputDirectory(place, context)
        #expect(try names() == [".image.oci.partial"])
        #expect(try names(".image.oci.partial") == [])
        try output.commit()
        #expect(try names() == ["image.oci"])
    }

    @Test func leavesNothingWhereItIsNotCommitted() throws {
        try make("before")
        do {
            let output = try OutputDirectory(place, context)
            try FileManager.default.createDirectory(
                atPath: output.path.appending("blobs/sha256").string, withIntermediateDirectories: true)
            try Data([1]).write(to: URL(filePath: output.path.appending("blobs/sha256/x").string))
        }
        #expect(try names() == ["image.oci"])
        #expect(try text() == "before")
    }

    @Test func replacesALayoutWhole() throws {
        try make("before")
        try makeDirectory("image.oci/blobs/sha256")
        try directory.write("old", to: "image.oci/blobs/sha256/old")
        try make("after")
        #expect(try names() == ["image.oci"])
        #expect(try names("image.oci") == ["oci-layout"])
        #expect(try text() == "after")
    }

    @Test func replacesAnEmptyDirectory() throws {
        try makeDirectory("image.oci")
        try make("new")
        #expect(try text() == "new")
        #expect(try names() == ["image.oci"])
    }

    @Test func replacesTheLayoutThatALinkStandsFor() throws {
        try makeDirectory("real")
        try directory.write("before", to: "real/oci-layout")
        try FileManager.default.createSymbolicLink(atPath: place.string, withDestinationPath: "real")
        try make("after")
        #expect(try names() == ["image.oci", "real"])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: place.string) == "real")
        #expect(try text() == "after")
    }

    @Test func replacesNothingElse() throws {
        func refusal() throws -> ToolError? {
            let before = try names()
            let failure = #expect(throws: ToolError.self) { _ = try OutputDirectory(place, context) }
            #expect(failure?.code == .usage)
            #expect(try names() == before)
            return failure
        }
        try makeDirectory("image.oci")
        try directory.write("mine", to: "image.oci/mine")
        #expect(try refusal()?.cause == "it is a directory with something else in it")
        #expect(try names("image.oci") == ["mine"])
        try FileManager.default.removeItem(atPath: place.string)
        try directory.write("mine", to: "image.oci")
        #expect(try refusal()?.cause == "it is not a directory")
        try FileManager.default.removeItem(atPath: place.string)
        #expect(mkfifo(place.string, 0o600) == 0)
        #expect(try refusal()?.cause == "it is not a directory")
    }

    @Test func removesWhatAKilledProcessLeftAndNotWhatALivingOneMakes() throws {
        try makeDirectory(".image.oci.partial/blobs")
        try directory.write("half", to: ".image.oci.partial/blobs/half")
        let first = try OutputDirectory(place, context)
        #expect(first.path.lastComponent?.string == ".image.oci.partial")
        #expect(try names(".image.oci.partial") == [])
        let second = try OutputDirectory(place, context)
        #expect(second.path != first.path)
        #expect(try names().count == 2)
        try Data("first".utf8).write(to: URL(filePath: first.path.appending("oci-layout").string))
        try first.commit()
        try Data("second".utf8).write(to: URL(filePath: second.path.appending("oci-layout").string))
        try second.commit()
        #expect(try names() == ["image.oci"])
        #expect(try text() == "second")
    }

    @Test func failsWhereItsDirectoryIsNotThere() {
        let failure = #expect(throws: ToolError.self) {
            _ = try OutputDirectory(directory.path.appending("no/image.oci"), context)
        }
        #expect(failure?.code == .io)
    }
}
