import Errors
import Foundation
import Store
import SystemPackage
import TestSupport
import Testing

@testable import DockerTools

struct ContextTests {
    private let home: TemporaryDirectory

    init() throws { home = try TemporaryDirectory() }

    private func cache(_ environment: [String: String]) -> FilePath? {
        Context(environment: environment, currentDirectory: "/here").cachePath
    }

    @Test func findsTheCacheDirectory() {
        let ofHome = FilePath(home.path).appending(".cache/dockertools")
        #expect(cache(["XDG_CACHE_HOME": "/cache", "HOME": home.path]) == "/cache/dockertools")
        #expect(cache(["HOME": home.path]) == ofHome)
        #expect(cache(["XDG_CACHE_HOME": "", "HOME": home.path]) == ofHome)
        // A relative directory counts as none (XDG Base Directory Specification).
        #expect(cache(["XDG_CACHE_HOME": "cache", "HOME": home.path]) == ofHome)
        #expect(cache(["XDG_CACHE_HOME": "cache"]) == nil)
        #expect(cache(["HOME": "home"]) == nil)
        #expect(cache([:]) == nil)
    }

    @Test("There is no cache in a home directory that does not exist")
    func needsTheHomeDirectory() {
        let missing = home.path("homeless-shelter")
        #expect(cache(["HOME": missing]) == nil)
        #expect(cache(["HOME": missing, "XDG_CACHE_HOME": "\(missing)/.cache"]) == nil)
        #expect(cache(["HOME": missing, "XDG_CACHE_HOME": "/cache"]) == "/cache/dockertools")
        #expect(cache(["HOME": missing, "XDG_CACHE_HOME": "\(missing)-2"]) == FilePath("\(missing)-2/dockertools"))
        #expect(cache(["HOME": "/"]) == "/.cache/dockertools")
    }
}

struct LogicalLinksTests {
    private let directory: SpecDirectory
    private let links: LogicalLinks

    init() throws {
        directory = try SpecDirectory()
        links = LogicalLinks(StoreLocation(root: directory.path))
        for name in ["one", "two"] {
            try FileManager.default.createDirectory(
                atPath: directory.path.appending("nix/store/\(baseName(name))/sub").string,
                withIntermediateDirectories: true)
        }
    }

    private func path(_ name: String) -> String { "/nix/store/\(baseName(name))" }

    private func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: directory.path.appending("nix/store/\(name)").string, withDestinationPath: target)
    }

    @Test func leavesWhatIsNoLink() throws {
        #expect(try links.resolve(path("one")) == path("one"))
        #expect(try links.resolve(path("one") + "/sub") == path("one") + "/sub")
        #expect(try links.resolve(path("gone")) == path("gone"))
    }

    @Test func followsLinksByTheirLogicalPlace() throws {
        try link(baseName("absolute"), to: path("one"))
        try link(baseName("relative"), to: "\(baseName("two"))/sub/../sub")
        try link(baseName("chain"), to: path("absolute"))
        try link("\(baseName("one"))/inner", to: "../\(baseName("two"))")
        #expect(try links.resolve(path("absolute")) == path("one"))
        #expect(try links.resolve(path("relative")) == path("two") + "/sub")
        #expect(try links.resolve(path("chain")) == path("one"))
        #expect(try links.resolve(path("one") + "/inner") == path("two"))
    }

    @Test func staysAtALinkThatLeadsOutOfTheStoreOrNowhere() throws {
        try link(baseName("out"), to: "/etc")
        try link(baseName("up"), to: "../../../../../etc")
        try link(baseName("dangling"), to: path("gone"))
        try link(baseName("store"), to: "/nix/store")
        for name in ["out", "up", "dangling", "store"] { #expect(try links.resolve(path(name)) == path(name)) }
    }

    @Test func refusesACircle() throws {
        try link(baseName("here"), to: path("there"))
        try link(baseName("there"), to: baseName("here"))
        #expect(
            throws: ToolError(
                .data, "cannot follow the link \(path("here")), which contents names",
                cause: "it leads through more than 40 links", remedy: "check whether the links form a cycle")
        ) { try links.resolve(path("here")) }
    }
}
