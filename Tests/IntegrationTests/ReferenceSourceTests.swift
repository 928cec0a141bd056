import Foundation
import TestSupport
import Testing

@Suite("Sources of references")
struct ReferenceSourceTests {
    private let bench: Workbench
    private var store: NixStore { bench.store }

    init() throws { bench = try Workbench() }

    private func spec(_ more: String = "") -> String {
        """
        {"name": "sources", "contents": "\(store["greeter"])", "config": {"Cmd": ["\(store["hello"])/bin/hello"]}\(more)}
        """
    }

    /// Builds the archive of the spec; the outcome has the progress messages.
    private func archive(_ spec: String, prefix: [String] = []) throws -> Program.Outcome {
        let path = try bench.write(spec, to: "spec.json")
        return try store.run(prefix + [Dockertools.path, "stream", path], in: bench.directory.path)
    }

    @Test("A database, graph files and a scan give the same archive")
    func sameArchive() throws {
        let roots = [store["greeter"], store["hello"]]
        let database = try archive(spec())
        #expect(database.status == 0)
        #expect(!database.errors.contains("scanning"))

        try bench.directory.write(store.registration(of: roots), to: "registration")
        let pathInfo = try store.output(["nix", "path-info", "--json", "--recursive"] + roots)
        try bench.directory.write(pathInfo, to: "path-info.json")
        let convert = """
            import json, sys
            known = json.load(sys.stdin)
            graph = [{"path": p["path"], "references": p["references"], "narSize": p["narSize"]} for p in known]
            if sys.argv[1] == "keyed":
                print(json.dumps({p["path"]: {"references": p["references"], "narSize": p["narSize"]} for p in known}))
            else:
                print(json.dumps({"system": "x", "outputs": {"out": "y"}, "closure": graph[::-1]}))
            """
        for form in ["exported", "keyed"] {
            try bench.directory.write(Program.python(convert, [form], input: pathInfo), to: "\(form).json")
        }
        for file in ["registration", "path-info.json", "exported.json", "keyed.json"] {
            let graph = try archive(spec(", \"closure\": \"\(file)\""))
            #expect(graph.status == 0, "\(graph.errors)")
            #expect(graph.output == database.output, "\(file)")
        }

        let scan = try archive(spec(), prefix: ["env", "PATH=/nowhere"])
        #expect(
            scan.errors.hasPrefix(
                "no Nix database holds all the paths: scanning the files of /nix/store for references\n"))
        #expect(scan.output == database.output)
    }

    @Test("A store below another directory gives the same archive", arguments: [true, false])
    func otherRoot(withGraph: Bool) throws {
        let roots = [store["greeter"], store["hello"]]
        let database = try archive(spec())
        let registration = try store.registration(of: roots)
        try bench.directory.write(registration, to: "registration")
        // Only the closure, written again in another order.
        let copy = """
            mkdir -p "$0/copy/nix/store"
            for path in $(nix-store --query --requisites "$@" | sort -r); do cp -a $path "$0/copy/nix/store"; done
            """
        try store.output(["bash", "-euc", copy, bench.directory.path] + roots)
        let more = ", \"storeRoot\": \"copy\"" + (withGraph ? ", \"closure\": \"registration\"" : "")
        let path = try bench.write(spec(more), to: "spec.json")
        let other = try Dockertools.run(["stream", path], in: "/")
        #expect(other.status == 0, "\(other.errors)")
        #expect(other.output == database.output)
        #expect(other.errors.contains("the store is below") == !withGraph)
        // contents may also name the real location.
        let named = spec(more).replacing(
            "\"contents\": \"", with: "\"contents\": \"\(bench.directory.path("copy"))")
        #expect(try Dockertools.run(["stream", try bench.write(named, to: "spec.json")]).output == database.output)
    }

    @Test("Store paths in config are found, those of commands are not in the image")
    func rootsOfTexts() throws {
        let spec = """
            {"name": "texts", "extraCommands": "# as in \(store["mirror"]).\\n",
             "config": {"Cmd": ["\(store["hello"])/bin/hello"], "Env": ["A=x:\(store["pointer"]):y"],
                        "Volumes": {"\(store["twins"])/share": {}}, "Labels": {"l": "(\(store["tool"]))"}}}
            """
        let image = try bench.layered(spec)
        #expect(
            Set(image.layers.flatMap(\.storePaths))
                == Set(["hello", "busybox", "baseData", "pointer", "twins", "tool"].map { store[$0] }))
    }

    @Test("A missing store path is refused")
    func missingPath() throws {
        let missing = "/nix/store/" + String(repeating: "0", count: 32) + "-gone"
        let outcome = try archive("{\"name\": \"gone\", \"contents\": \"\(missing)\"}")
        #expect(outcome.status == 65)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains("cannot read '\(missing)', which contents names"))
        let named = try archive("{\"name\": \"gone\", \"config\": {\"Cmd\": [\"\(missing)/bin/x\"]}}")
        #expect(named.status == 65)
        #expect(named.errors.contains("cannot find the store path \(missing), which config names"))
    }
}
