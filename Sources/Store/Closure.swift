import Failures

/// Store paths and the references among them: whole, so every reference leads to a path that is listed.
public struct Closure: Equatable, Sendable {
    /// The most paths that a closure may have.
    ///
    /// Reason: planning layers takes up to a bit for each pair of paths, 256 MiB at this count; the closure of a whole
    /// desktop system is about 30,000 paths.
    public static let maximumCount = 65_536

    /// The paths in the order of the input, each once.
    public let nodes: [Node]
    /// For each node the positions in `nodes` of the paths that it refers to.
    public let references: [[Int]]
    /// Where the closure was read, as an error names it: `the graph file 'closure.json'`.
    public let source: String
    private let positions: [StorePath: Int]

    /// Unites the nodes that are listed for the same path: it stays where it came first, with the references of all
    /// and the first size that is known.
    ///
    /// - Throws: `Failure` with code `data` if a path refers to one that is not listed, or there are too many.
    public init(_ listed: some Sequence<Node>, source: String) throws {
        var nodes: [Node] = []
        var positions: [StorePath: Int] = [:]
        for node in listed {
            if let position = positions[node.path] {
                nodes[position] = nodes[position].united(with: node)
            } else {
                positions[node.path] = nodes.count
                nodes.append(node)
            }
        }
        guard nodes.count <= Self.maximumCount else {
            throw Failure(
                .data, "cannot use \(source)",
                why: "it lists \(nodes.count) store paths, more than the limit of \(Self.maximumCount)",
                advice: "check that this is the closure you meant; an image needs a smaller one")
        }
        self.references = try nodes.map { node in
            try node.references.map { reference in
                guard let position = positions[reference] else {
                    throw Failure(
                        .data, "cannot use \(source)",
                        why: "'\(node.path)' refers to '\(reference)', which is not listed",
                        advice: "make the graph of the whole closure, as `nix path-info --json --recursive` does")
                }
                return position
            }
        }
        self.nodes = nodes
        self.positions = positions
        self.source = source
    }

    /// The position of a path in `nodes`, nil if the closure does not hold it.
    public func position(of path: StorePath) -> Int? { positions[path] }

    /// The part that the roots refer to, directly or through others, and the roots; in the same order.
    ///
    /// - Throws: `Failure` with code `data` that names the root that the closure does not hold.
    public func reachable(from roots: [StorePath]) throws -> Closure {
        var reached = [Bool](repeating: false, count: nodes.count)
        var waiting: [Int] = []
        for root in roots {
            guard let position = positions[root] else {
                throw Failure(
                    .data, "store path '\(root)' is not in the closure graph",
                    why: "\(source) lists \(nodes.count) store paths, and this is none of them",
                    advice: "make the graph from the paths that the image needs, or take the path out of the spec")
            }
            waiting.append(position)
        }
        while let position = waiting.popLast() {
            guard !reached[position] else { continue }
            reached[position] = true
            waiting.append(contentsOf: references[position])
        }
        return try Closure(zip(nodes, reached).lazy.filter(\.1).map(\.0), source: source)
    }
}
