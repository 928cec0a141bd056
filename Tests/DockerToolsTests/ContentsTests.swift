import Errors
import Foundation
import Store
import SystemPackage
import Testing

@testable import DockerTools

struct ContentsTests {
    private let directory: SpecDirectory

    init() throws {
        directory = try SpecDirectory()
        for name in ["root/nix/store/\(baseName("one"))/bin", "root/nix/store/\(baseName("two"))", "plain/etc"] {
            try FileManager.default.createDirectory(
                atPath: directory.path.appending(name).string, withIntermediateDirectories: true)
        }
        try directory.write("x", to: "root/nix/store/\(baseName("one"))/bin/tool")
        try directory.write("x", to: "root/nix/store/\(baseName("file"))")
        try directory.write("x", to: "plain/etc/conf")
    }

    private func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: directory.path.appending(name).string, withDestinationPath: target)
    }

    private func spec(_ contents: String...) throws -> ImageSpec {
        let list = contents.map { "\"\($0)\"" }.joined(separator: ", ")
        return try directory.load(text: "{\"name\": \"x\", \"storeRoot\": \"root\", \"contents\": [\(list)]}")
    }

    /// The files in the root of the image, a line each: the path, or the link with its target.
    private func root(_ contents: String...) throws -> [String] {
        let list = contents.map { "\"\($0)\"" }.joined(separator: ", ")
        let spec = try directory.load(text: "{\"name\": \"x\", \"storeRoot\": \"root\", \"contents\": [\(list)]}")
        let tree = try TreeMerger.merge(Contents.sources(spec)).tree
        var lines: [String] = []
        tree.forEach { entry, path, target in
            let link = entry.kind == .link ? " -> \(String(decoding: target, as: UTF8.self))" : ""
            if entry.kind != .directory { lines.append(String(decoding: path, as: UTF8.self) + link) }
        }
        return lines
    }

    private func path(_ name: String) -> String { "/nix/store/\(baseName(name))" }

    @Test func areLinksForStorePathsAndCopiesForOtherPaths() throws {
        #expect(
            try root(path("one"), "plain", path("file")) == [
                "bin/tool -> \(path("one"))/bin/tool", "etc/conf", "file -> \(path("file"))",
            ])
    }

    @Test func mayBeBelowAStorePathOrAFile() throws {
        #expect(try root(path("one") + "/bin") == ["tool -> \(path("one"))/bin/tool"])
        #expect(try root(path("one") + "/bin/tool") == ["tool -> \(path("one"))/bin/tool"])
        #expect(try root("plain/etc/conf") == ["conf"])
    }

    @Test func followALinkToItsDirectory() throws {
        try link("root/nix/store/\(baseName("env"))", to: path("one"))
        try link("link", to: "plain")
        // The links lead to the path that the spec names.
        #expect(try root(path("env")) == ["bin/tool -> \(path("env"))/bin/tool"])
        #expect(try root("link") == ["etc/conf"])
    }

    @Test func keepALinkOutOfTheStore() throws {
        try link("root/nix/store/\(baseName("out"))", to: "/etc/motd")
        #expect(try root(path("out")) == ["out -> /etc/motd"])
    }

    @Test func areCheckedFirst() throws {
        try Contents.check(spec(path("one"), "plain", "plain/etc/conf"))
        for (written, place) in [
            ("gone", directory.path.appending("gone")),
            ("plain/etc/conf/x", directory.path.appending("plain/etc/conf/x")),
            (path("gone"), directory.path.appending("root\(path("gone"))")),
        ] {
            let failure = ToolError(
                .data, "cannot read '\(written)', which contents names in the spec 'spec'",
                cause: "\(place) does not exist", remedy: "correct contents, or create the path")
            #expect(throws: failure) { try Contents.check(spec(written)) }
        }
    }

    @Test func refuseABrokenLink() throws {
        try link("dangling", to: "gone")
        try link("loop", to: "loop")
        for written in ["dangling", "loop"] {
            let failure = ToolError(
                .data, "cannot read '\(written)', which contents names", cause: "it is a broken link",
                remedy: "correct the link, or remove it from contents")
            #expect(throws: failure) { try root(written) }
        }
    }
}
