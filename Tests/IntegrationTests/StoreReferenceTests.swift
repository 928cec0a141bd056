import Foundation
import TestSupport
import Testing

/// `a-app` refers to `b-lib`; `c-tool` and `d-data` refer to nothing.
@Suite("Store paths that an image needs")
struct StoreReferenceTests {
    private let machine: TestMachine
    private let app = TestMachine.storePath("a", "app")
    private let lib = TestMachine.storePath("b", "lib")
    private let tool = TestMachine.storePath("c", "tool")
    private let data = TestMachine.storePath("d", "data")

    init() throws {
        machine = try TestMachine()
        try machine.store("a", "app", ["bin/app": Array(lib.utf8)])
        try machine.store("b", "lib")
        try machine.store("c", "tool")
        try machine.store("d", "data")
    }

    /// The store paths of an image, sorted.
    private func storePaths(_ members: [String: Any], _ verb: String = "layered") throws -> [String] {
        try machine.spec(members)
        let outcome = try machine.run([verb, "spec.json", "-o", "out/image.tar", "--quiet", "--json"])
        guard outcome.status == 0 else { throw Program.Failed([verb], outcome) }
        return try outcome.decode(BuiltImage.self).layers.flatMap(\.storePaths).sorted()
    }

    private func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: machine.path(name), withDestinationPath: target)
    }

    @Test("A link to a store path in contents is that store path", arguments: ["layered", "build"])
    func links(_ verb: String) throws {
        try machine.makeDirectory("profiles")
        try link("logical", to: app)
        try link("result", to: machine.path("root\(app)"))
        try link("relative", to: "root\(app)")
        try link("profiles/first", to: "../result")
        try link("profile", to: "profiles/first")
        let expected = try storePaths(["contents": [app]], verb)
        let image = try machine.directory.read("out/image.tar")
        #expect(expected == (verb == "layered" ? [app, lib] : [lib]))
        for name in ["logical", "result", "relative", "profile", machine.path("profiles/../profile"), "./result/"] {
            #expect(try storePaths(["contents": [name]], verb) == expected, "\(name)")
            let linked = try machine.directory.read("out/image.tar")
            // The file buildArgs.json has the spec.
            #expect(linked.count == image.count, "\(name)")
        }
        #expect(try storePaths(["contents": ["result/bin"]], verb) == storePaths(["contents": [app + "/bin"]], verb))
        #expect(try storePaths(["contents": ["result", app]], verb) == expected)
    }

    @Test("A link that leads elsewhere is followed to its files")
    func otherLinks() throws {
        try machine.write("text", to: "plain/file")
        try link("elsewhere", to: "plain")
        #expect(try storePaths(["contents": ["elsewhere"]]) == [])
        try link("loop", to: "loop")
        try machine.spec(["contents": ["loop"]])
        #expect(try machine.layered().status == 65)
    }

    @Test("A store path that a script only runs is not in the image", arguments: ["extraCommands", "fakeRootCommands"])
    func tools(_ key: String) throws {
        let list = "test -e root\(tool) || : \(tool)/file"
        #expect(try storePaths(["contents": [app], key: list]) == [app, lib])
        #expect(try storePaths(["contents": [app], key: "\(list)\nln -s \(data)/file link"]) == [app, lib, data])
        #expect(try storePaths([key: "mkdir etc; echo '\(app)/bin/app' > etc/run"]) == [app, lib])
        #expect(try storePaths([key: list], "layered").isEmpty)
    }

    @Test("A store path that only extraCommands of build names is not in the image")
    func toolsOfBuild() throws {
        #expect(try storePaths(["extraCommands": ": \(tool)/file"], "build") == [])
        #expect(try storePaths(["extraCommands": ": \(tool); ln -s \(app) app"], "build") == [app, lib])
    }

    @Test("A tool of a script need not be in the graph file")
    func toolsOutsideGraph() throws {
        try machine.graph([(app, [lib]), (lib, [])])
        let members: [String: Any] = ["contents": [app], "closure": "graph.json"]
        #expect(try storePaths(members.merging(["extraCommands": ": \(tool)/file"]) { $1 }) == [app, lib])
    }

    @Test("Store paths that files outside of the store name are in the image", arguments: ["layered", "build"])
    func plainContents(_ verb: String) throws {
        try machine.write("exec \(app)/bin/app\n", to: "plain/start")
        #expect(try storePaths(["contents": ["plain"]], verb) == [app, lib])
        #expect(try storePaths(["contents": ["plain"], "includeStorePaths": false]) == [])
    }

    @Test(
        "A store path that the files name and the graph file does not list is refused", arguments: ["layered", "build"])
    func outsideGraph(_ verb: String) throws {
        try machine.write("exec \(tool)/file\n", to: "plain/start")
        try machine.graph([(app, [lib]), (lib, [])])
        try machine.spec(["contents": [app, "plain"], "closure": "graph.json"])
        let outcome = try machine.run([verb, "spec.json", "-o", "out/image.tar", "--quiet"])
        #expect(outcome.status == 65)
        #expect(outcome.failure?.what == "store path '\(tool)' is not in the closure graph", "\(outcome)")
        #expect(try machine.leftovers == [])
    }

    @Test("The base's store paths need not be in the graph file")
    func pathsOfBase() throws {
        try machine.spec(["contents": [tool], "name": "base"], to: "base.json")
        try machine.write("exec \(tool)/file\n", to: "plain/start")
        try machine.graph([(app, [lib]), (lib, [])])
        for verb in ["layered", "build"] {
            let members: [String: Any] = ["fromImage": "base.json", "contents": ["plain"], "closure": "graph.json"]
            #expect(try storePaths(members, verb).filter { $0 != tool } == [])
        }
    }

    @Test("The graph may be the text of exportReferencesGraph or the directory of closureInfo")
    func graphs() throws {
        try machine.write("\(app)\n\n1\n\(lib)\n\(lib)\n\n0\n", to: "graph")
        try machine.write("\(app)\nsha256:0\n9\n\n1\n\(lib)\n\(lib)\nsha256:0\n5\n\n0\n", to: "info/registration")
        try machine.write("\(app)\n\(lib)\n", to: "info/store-paths")
        try link("result", to: "info")
        for closure in ["graph", "info", "result"] {
            #expect(try storePaths(["contents": [app], "closure": closure]) == [app, lib])
        }
    }

    @Test("A base with as many layers as Docker loads is refused, with a remedy that can be followed")
    func layerLimit() throws {
        let letters = Array("0123456789abcdfghijklmnpqrsvwxyz")
        for number in 0..<124 {
            let name = "\(letters[number / 32])\(letters[number % 32])" + String(repeating: "0", count: 30) + "-p"
            try machine.write([1], to: "root/nix/store/\(name)/file")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: machine.path("root/nix/store"))
        let many = names.filter { $0.hasSuffix("00-p") }.sorted().map { "/nix/store/\($0)" }
        try machine.spec(["name": "full", "contents": many, "maxLayers": 125], to: "full.json")
        try machine.spec(["name": "rest", "contents": Array(many.dropLast()), "maxLayers": 125], to: "rest.json")
        for (spec, verb, status) in [
            ("full.json", "build", 65), ("full.json", "layered", 65), ("rest.json", "build", 0),
            ("rest.json", "layered", 65),
        ] {
            try machine.spec(
                ["fromImage": spec, "contents": [app]].merging(verb == "layered" ? ["maxLayers": 125] : [:]) { $1 })
            let outcome = try machine.run([verb, "spec.json", "-o", "out/image.tar", "--quiet"])
            #expect(outcome.status == status, "\(outcome)")
            if status == 0 {
                try machine.remove("out/image.tar")
            } else {
                #expect(outcome.failure?.what.contains("more than the 125 that Docker loads") == true)
                #expect(
                    outcome.failure?.fix.hasPrefix(
                        "use a base image with at most \(verb == "build" ? 124 : 123) layers") == true)
            }
        }
        try machine.spec(["fromImage": "rest.json", "maxLayers": 125])
        #expect(try machine.layered().status == 0)
    }
}
