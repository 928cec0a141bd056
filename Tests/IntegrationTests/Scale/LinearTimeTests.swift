import TestSupport
import Testing

/// The work grows no faster than the numbers that a stranger chooses, within a logarithm.
@Suite("Linear time")
struct LinearTimeTests {
    private static let counter = Result { try WorkCounter() }
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Compares the work on inputs of `count` and of four times as many parts.
    ///
    /// - Parameter input: makes the input of a size, and returns the arguments of the program.
    private func expectLinear(
        _ count: Int, status: Int32 = 0, _ input: (Int, String) throws -> [String]
    ) throws {
        let counter = try Self.counter.get()
        let work = try [0, count, 4 * count].map {
            try counter.work(input($0, "n\($0)"), status: status, in: directory)
        }
        let (small, large) = (work[1] - min(work[0], work[1]), work[2] - min(work[0], work[2]))
        // A sort adds a sixth at these sizes; quadratic work would be 16 times as much.
        #expect(large < 7 * max(small, 1), "work \(work)")
    }

    private func image(_ count: Int, _ name: String, layers: String, tags: String = "['x:1']") throws -> String {
        try LargeInput.image(directory, "\(name).tar", count: count, layers: layers, tags: tags)
        return "\(name).tar"
    }

    @Test("Entries in one directory", arguments: ["export", "validate", "diff"])
    func entries(verb: String) throws {
        try expectLinear(8000) { count, name in
            let image = try image(count, name, layers: "[[(f'd/f{i:06}',) for i in range(n)]]")
            switch verb {
            case "export": return [verb, image, "-o", "\(name)-rootfs.tar", "--quiet"]
            case "diff": return [verb, image, image]
            default: return [verb, image]
            }
        }
    }

    @Test("Layers that empty the same directory")
    func opaqueLayers() throws {
        try expectLinear(200) { count, name in
            let layers = "[[(f'd/f{i:06}',) for i in range(20 * n)]] + [[('d/.wh..wh..opq',)] for i in range(n)]"
            return ["export", try image(count, name, layers: layers), "-o", "\(name)-rootfs.tar", "--quiet"]
        }
    }

    @Test("Names of an image", arguments: ["merge", "inspect", "validate"])
    func names(verb: String) throws {
        try expectLinear(1000) { count, name in
            let image = try image(
                count, name, layers: "[[('a',)]]", tags: "[f'registry.example/some/x{i:06}:v1' for i in range(n)]")
            return verb == "merge" ? [verb, image, image, "-o", "\(name)-merged.tar", "--quiet"] : [verb, image]
        }
    }

    @Test("Extended attributes of an entry")
    func attributes() throws {
        try expectLinear(2000) { count, name in
            let layers = "[[('a', tarfile.REGTYPE, {f'SCHILY.xattr.user.some.{i:06}': '' for i in range(n)})]]"
            return ["validate", try image(count, name, layers: layers)]
        }
    }

    @Test("Tables of an array in TOML")
    func tables() throws {
        // The key is unknown, which is found after the whole file has been parsed.
        try expectLinear(2000, status: 65) { count, name in
            let spec = "name = \"x\"\n[[unknown]]\n" + String(repeating: "[[unknown]]\n", count: count)
            try directory.write(Array(spec.utf8), to: "\(name).toml")
            return ["plan", "\(name).toml"]
        }
    }

    @Test("Listings of one store path in a graph")
    func listings() throws {
        try expectLinear(1000) { count, name in
            let make = """
                import json, sys
                name, n = sys.argv[1], int(sys.argv[2])
                path = lambda i: "/nix/store/%032d-p%d" % (i, i)
                graph = [{"path": path(0), "references": [path(i)]} for i in range(1, n + 1)]
                graph += [{"path": path(i), "references": []} for i in range(n + 1)]
                json.dump(graph, open(name + "-graph.json", "w"))
                json.dump({"name": "x", "closure": name + "-graph.json"}, open(name + ".json", "w"))
                """
            try Program.output(["python3", "-c", make, name, "\(count)"], in: directory.path)
            return ["plan", "\(name).json"]
        }
    }
}
