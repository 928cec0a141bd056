import Foundation
import TestSupport
import Testing

@Suite("plan and inspect")
struct ReportTests {
    private let bench: Workbench
    private var store: NixStore { bench.store }
    private let spec: String

    init() throws {
        bench = try Workbench()
        spec = """
            {"name": "reported", "tag": "t", "contents": "\(bench.store["hello"])", "maxLayers": 3, "closure": "graph",
             "config": {"Cmd": ["/bin/hello"], "Env": ["A=1"], "User": "7"}, "storeRoot": "/", "compressor": "none"}
            """
        try bench.directory.write(bench.store.registration(of: [bench.store["hello"]]), to: "graph")
    }

    @Test("plan --json describes the image that is then built, and writes nothing")
    func planJSON() throws {
        let path = try bench.write(spec, to: "spec.json")
        let before = try FileManager.default.contentsOfDirectory(atPath: bench.directory.path).sorted()
        let outcome = try bench.run(["plan", path, "--json"])
        #expect(outcome.status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: bench.directory.path).sorted() == before)
        let plan = try outcome.decode(Plan.self)
        let image = try bench.layered(spec)
        #expect(plan.name == "reported")
        #expect(plan.layers.map(\.number) == [1, 2, 3])
        #expect(plan.layers.map(\.size) == image.layers.map(\.size))
        #expect(plan.size == image.layers.map(\.size).reduce(0, +))
        #expect(plan.layers.map { $0.storePaths.map(\.path) } == image.layers.map(\.storePaths))
        #expect(abs(plan.layers.map(\.share).reduce(0, +) - 1) < 0.00001)
        #expect(plan.layers.flatMap(\.storePaths).allSatisfy { !$0.reason.isEmpty })
    }

    @Test("plan prints a table with a line for each path")
    func planTable() throws {
        let outcome = try bench.run(["plan", bench.write(spec, to: "spec.json")])
        #expect(outcome.status == 0)
        let lines = outcome.text.split(separator: "\n").map(String.init)
        #expect(lines.count == 6)
        #expect(lines[0].split(separator: " ").joined(separator: " ") == "LAYER SIZE SHARE STORE PATH WHY")
        for name in ["hello", "busybox", "baseData"] {
            #expect(lines.filter { $0.contains(" \(store[name]) ") }.count == 1)
        }
        #expect(lines[4].contains("customization layer"))
        #expect(lines[5].hasPrefix("3 layers, "))
    }

    @Test("inspect shows a built image with each compression and from standard input")
    func inspect() throws {
        let image = try bench.layered(spec, ["--compressor", "none"], output: "image.tar")
        for compressor in ["none", "gz", "zstd"] {
            let other = try bench.layered(spec, ["--compressor", compressor], output: "image")
            let outcome = try bench.run(["inspect", other.output, "--json"])
            #expect(outcome.status == 0)
            let found = try outcome.decode(Inspection.self)
            #expect(found.name == "reported" && found.tag == "t" && found.os == "linux")
            #expect(found.created == "1970-01-01T00:00:01Z")
            #expect(found.imageID == image.imageID)
            #expect(found.layers.map(\.diffID) == image.layers.map(\.diffID))
            #expect(found.layers.map(\.size) == image.layers.map(\.size))
            #expect(found.config == .init(cmd: ["/bin/hello"], env: ["A=1"], user: "7"))
            let input = try Dockertools.run(["inspect", "-", "--json"], input: bench.directory.read("image"))
            #expect(input.output == outcome.output)
        }
        let text = try bench.run(["inspect", "\(image.output)#reported:t"])
        #expect(text.status == 0)
        for part in ["reported", image.imageID, "[\"/bin/hello\"]", "A=1", "in 3 layers"] {
            #expect(text.text.contains(part))
        }
        for layer in image.layers { #expect(text.text.contains(layer.diffID)) }
        let other = try bench.run(["inspect", "\(image.output)#other:t"])
        #expect(other.status == 65)
        #expect(other.errors.contains("reported:t"))
    }

    @Test("inspect --build-args prints the spec without values of this machine")
    func buildArgs() throws {
        let image = try bench.layered(spec, ["--set", "config.User=8"], output: "image.tar")
        let outcome = try bench.run(["inspect", image.output, "--build-args"])
        let compact = "import json, sys; print(json.dumps(json.load(sys.stdin), sort_keys=True, separators=(',', ':')))"
        #expect(
            String(decoding: try Program.python(compact, input: outcome.output), as: UTF8.self) == """
                {"config":{"Cmd":["/bin/hello"],"Env":["A=1"],"User":"8"},"contents":["\(store["hello"])"],\
                "maxLayers":3,"name":"reported","tag":"t"}

                """)
        let without = try bench.layered(spec, ["--no-build-args"], output: "image.tar")
        let missing = try bench.run(["inspect", without.output, "--build-args"])
        #expect(missing.status == 65)
        #expect(missing.errors.contains("buildArgs.json"))
    }
}
