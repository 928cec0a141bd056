import Failures
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import DockerTools

struct OutputFolderTests {
    private let folder: SpecFolder

    init() throws { folder = try SpecFolder() }

    private var place: FilePath { folder.path.appending("image.oci") }

    private func names(_ below: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path.appending(below).string).sorted()
    }

    private func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder.path.appending(name).string, withIntermediateDirectories: true)
    }

    /// Makes an output with one file.
    private func make(_ text: String) throws {
        let output = try OutputFolder(place)
        try Data(text.utf8).write(to: URL(filePath: output.path.appending("oci-layout").string))
        try output.commit()
    }

    private func text() throws -> String {
        try String(contentsOfFile: place.appending("oci-layout").string, encoding: .utf8)
    }

    @Test func isHiddenUntilItIsWhole() throws {
        let output = try OutputFolder(place)
        #expect(try names() == [".image.oci.partial"])
        #expect(try names(".image.oci.partial") == [])
        try output.commit()
        #expect(try names() == ["image.oci"])
    }

    @Test func leavesNothingWhereItIsNotCommitted() throws {
        try make("before")
        do {
            let output = try OutputFolder(place)
            try FileManager.default.createDirectory(
                atPath: output.path.appending("blobs/sha256").string, withIntermediateDirectories: true)
            try Data([1]).write(to: URL(filePath: output.path.appending("blobs/sha256/x").string))
        }
        #expect(try names() == ["image.oci"])
        #expect(try text() == "before")
    }

    @Test func replacesALayoutWhole() throws {
        try make("before")
        try makeFolder("image.oci/blobs/sha256")
        try folder.write("old", to: "image.oci/blobs/sha256/old")
        try make("after")
        #expect(try names() == ["image.oci"])
        #expect(try names("image.oci") == ["oci-layout"])
        #expect(try text() == "after")
    }

    @Test func replacesAnEmptyFolder() throws {
        try makeFolder("image.oci")
        try make("new")
        #expect(try text() == "new")
        #expect(try names() == ["image.oci"])
    }

    @Test func replacesTheLayoutThatALinkStandsFor() throws {
        try makeFolder("real")
        try folder.write("before", to: "real/oci-layout")
        try FileManager.default.createSymbolicLink(atPath: place.string, withDestinationPath: "real")
        try make("after")
        #expect(try names() == ["image.oci", "real"])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: place.string) == "real")
        #expect(try text() == "after")
    }

    @Test func replacesNothingElse() throws {
        func refusal() throws -> Failure? {
            let before = try names()
            let failure = #expect(throws: Failure.self) { _ = try OutputFolder(place) }
            #expect(failure?.code == .usage)
            #expect(try names() == before)
            return failure
        }
        try makeFolder("image.oci")
        try folder.write("mine", to: "image.oci/mine")
        #expect(try refusal()?.why == "it is a folder with something else in it")
        #expect(try names("image.oci") == ["mine"])
        try FileManager.default.removeItem(atPath: place.string)
        try folder.write("mine", to: "image.oci")
        #expect(try refusal()?.why == "it is no folder")
        try FileManager.default.removeItem(atPath: place.string)
        #expect(mkfifo(place.string, 0o600) == 0)
        #expect(try refusal()?.why == "it is no folder")
    }

    @Test func removesWhatAKilledProcessLeftAndNotWhatALivingOneMakes() throws {
        try makeFolder(".image.oci.partial/blobs")
        try folder.write("half", to: ".image.oci.partial/blobs/half")
        let first = try OutputFolder(place)
        #expect(first.path.lastComponent?.string == ".image.oci.partial")
        #expect(try names(".image.oci.partial") == [])
        let second = try OutputFolder(place)
        #expect(second.path != first.path)
        #expect(try names().count == 2)
        try Data("first".utf8).write(to: URL(filePath: first.path.appending("oci-layout").string))
        try first.commit()
        try Data("second".utf8).write(to: URL(filePath: second.path.appending("oci-layout").string))
        try second.commit()
        #expect(try names() == ["image.oci"])
        #expect(try text() == "second")
    }

    @Test func failsWhereItsFolderIsNotThere() {
        let failure = #expect(throws: Failure.self) { _ = try OutputFolder(folder.path.appending("no/image.oci")) }
        #expect(failure?.code == .io)
    }
}
