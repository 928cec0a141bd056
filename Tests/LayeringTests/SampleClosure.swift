import Layering
import Store
import Testing

/// Closures written as edges, for tests.
enum SampleClosure {
    /// The path whose name is `name`; the hash is 32 zeros, so that names alone decide.
    static func path(_ name: String) throws -> StorePath {
        let zeros = String(repeating: "0", count: 32)
        return try #require(StorePath(baseName: "\(zeros)-\(name)", storeDir: "/nix/store"))
    }

    /// A closure of `A`, `B` and `A>B`, blanks between them; nodes in the order in which they are first named.
    static func of(_ edges: String, sizes: [String: UInt64] = [:]) throws -> Closure {
        var names: [String] = []
        var references: [String: [String]] = [:]
        for edge in edges.split(separator: " ") {
            let ends = edge.split(separator: ">").map(String.init)
            for end in ends where references[end] == nil {
                names.append(end)
                references[end] = []
            }
            if ends.count == 2 { references[ends[0], default: []].append(ends[1]) }
        }
        let nodes = try names.map { name in
            Closure.Node(
                path: try path(name), references: try references[name, default: []].map(path), narSize: sizes[name])
        }
        return try Closure(nodes, source: "the sample")
    }
}

extension LayerPlan {
    /// The layers by names alone.
    var names: [[String]] { layers.map { $0.map { String($0.name) } } }
}
