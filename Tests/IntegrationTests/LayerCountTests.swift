import Foundation
import TestSupport
import Testing

@Suite("Number of layers")
struct LayerCountTests {
    private let bench: Workbench
    private var store: NixStore { bench.store }
    /// The number of paths in the closure of `greeter`.
    private static let count = 13

    init() throws { bench = try Workbench() }

    private func spec(_ maxLayers: Int, _ more: String = "") -> String {
        """
        {"name": "count", "contents": ["\(store["greeter"])"], "maxLayers": \(maxLayers)\(more)}
        """
    }

    @Test(
        "No image has more layers than maxLayers, and no layer is empty",
        arguments: [2, 3, 12, 13, 14, 15, 100, 125])
    func counts(maxLayers: Int) throws {
        let image = try bench.layered(spec(maxLayers))
        #expect(image.layers.count == min(maxLayers, Self.count + 1))
        #expect(Set(image.layers.flatMap(\.storePaths)) == Set(store.all))
        #expect(image.layers.flatMap(\.storePaths).count == Self.count)
        #expect(image.storeLayers.allSatisfy { !$0.storePaths.isEmpty })
        #expect(image.storeLayers.dropLast().allSatisfy { $0.storePaths.count == 1 })
        #expect(image.storeLayers.last?.storePaths.count == max(1, Self.count - maxLayers + 2))
    }

    @Test("Layers by size are never empty, and have each path once", arguments: [2, 3, 12, 13, 14, 15, 125])
    func bySize(maxLayers: Int) throws {
        let image = try bench.layered(spec(maxLayers, ", \"layering\": \"size\""))
        #expect(image.layers.count <= maxLayers)
        #expect(image.storeLayers.allSatisfy { !$0.storePaths.isEmpty })
        #expect(image.layers.flatMap(\.storePaths).sorted() == store.all)
    }

    @Test("maxLayers out of range is refused", arguments: [1, 0, -1, 126])
    func refused(maxLayers: Int) throws {
        for verb in ["layered", "stream", "plan"] {
            let outcome = try bench.run([verb, bench.write(spec(maxLayers), to: "spec.json")])
            #expect(outcome.status == 65)
            #expect(outcome.output.isEmpty)
            #expect(
                outcome.errors.contains("maxLayers: got \(maxLayers); expected an integer from 2 to 125\n"),
                "\(outcome.errors)")
        }
    }

    @Test("Docker shows and runs the image with the most layers")
    func mostLayers() throws {
        let docker = try DockerDaemon.shared
        // The graph file has as many store paths as there can be layers.
        let make = """
            import json, os, sys
            root, alphabet = sys.argv[1], "0123456789abcdfghijklmnpqrsvwxyz"
            graph = []
            for number in range(130):
                name = alphabet[number // 32] + alphabet[number % 32] + "0" * 30 + f"-path-{number}"
                path = "/nix/store/" + name
                os.makedirs(root + path)
                graph.append({"path": path, "references": [other["path"] for other in graph[-1:]], "narSize": 1})
                open(f"{root}{path}/file", "w").write(f"{number}\\n")
            json.dump(graph, open(root + "/graph.json", "w"))
            print(graph[-1]["path"], end="")
            """
        let last = String(
            decoding: try Program.python(make, [bench.directory.path("store")]), as: UTF8.self)
        try Program.output(["cp", "/bin/busybox", bench.directory.path("store/busybox")])
        let image = try bench.loaded(
            """
            {"name": "most", "contents": ["\(last)", "store/busybox"], "closure": "store/graph.json",
             "storeRoot": "store", "maxLayers": 125,
             "config": {"Cmd": ["/busybox", "sh", "-c", "cat /nix/store/*/file | /busybox sort -n | /busybox tail -1"]}}
            """, into: docker)
        #expect(image.layers.count == 125)
        #expect(image.layers[123].storePaths.count == 7)
        #expect(try docker.inspect(image.reference, "{{len .RootFS.Layers}}") == "125")
        #expect(try docker.runImage(image.reference) == "129\n")
    }
}
