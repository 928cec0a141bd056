import ByteIO
import Errors

/// Store paths and the references among them: whole, so every reference leads to a path that is listed.
package struct Closure: Equatable, Sendable {
    /// The most paths that a closure may have.
    ///
    /// Reason: planning layers takes up to a bit for each pair of paths, 256 MiB at this count; the closure of a whole
    /// desktop system is about 30,000 paths.
    package static let maximumCount = 65_536

    /// The paths in the order of the input, each once.
    package let nodes: [Node]
    /// For each node the positions in `nodes` of the paths that it refers to.
    package let references: [[Int]]
    /// Where the closure was read, as an error names it: `the graph file 'closure.json'`.
    package let source: String
    private let positions: [StorePath: Int]

    /// Unites the nodes that are listed for the same path: it stays where it came first, with the references of all
    /// and the first size that is known.
    ///
    /// - Throws: `ToolError` with code `data` if a path refers to one that is not listed, or there are too many.
    package init(_ listed: some Sequence<Node>, source: String) throws {
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
            throw ToolError(
                .data, "cannot use \(source)",
                cause: "it lists \(nodes.count) store paths, more than the limit of \(Self.maximumCount)",
                remedy: "check that this is the closure you meant; an image needs a smaller one")
        }
        self.references = try nodes.map { node in
            try node.references.map { reference in
                guard let position = positions[reference] else {
                    throw ToolError(
                        .data, "cannot use \(source)",
                        cause: "'\(node.path)' refers to '\(reference)', which is not listed",
                        remedy: "make the graph of the whole closure, as `nix path-info --json --recursive` does")
                }
                return position
            }
        }
        self.nodes = nodes
        self.positions = positions
        self.source = source
    }

    /// The position of a path in `nodes`, nil if the closure does not hold it.
    package func position(of path: StorePath) -> Int? { positions[path] }

    /// The part that the roots refer to, directly or through others, and the roots; in the same order.
    ///
    /// - Throws: `ToolError` with code `data` that names the root that the closure does not hold.
    package func reachable(from roots: [StorePath]) throws -> Closure {
        var reached = [Bool](repeating: false, count: nodes.count)
        var waiting: [Int] = []
        for root in roots {
            guard let position = positions[root] else {
                throw ToolError(
                    .data, "store path '\(root)' is not in the closure graph",
                    cause: "\(source) lists \(nodes.count) store paths, and this is none of them",
                    remedy: "make the graph from the paths that the image needs, or take the path out of the spec")
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

extension Closure {
    /// A store path of a closure, with what it refers to.
    package struct Node: Hashable, Sendable {
        package let path: StorePath
        /// The other paths that it names in its files, each once, in the order of the input.
        package let references: [StorePath]
        /// The size of the path's NAR in bytes, nil if the source of the closure does not know it.
        package let narSize: UInt64?

        /// - Parameter references: may name `path` itself and may repeat; both are dropped.
        package init(path: StorePath, references: [StorePath] = [], narSize: UInt64? = nil) {
            self.path = path
            var seen: Set<StorePath> = [path]
            self.references = references.filter { seen.insert($0).inserted }
            self.narSize = narSize
        }

        /// One node for a path that is listed twice.
        func united(with other: Node) -> Node {
            Node(path: path, references: references + other.references, narSize: narSize ?? other.narSize)
        }
    }
}

extension Closure {
    /// The same closure with the size of each path: where it is not known, that of the path's NAR on this machine.
    ///
    /// - Throws: `ToolError` with code `io` if a path cannot be read.
    package func fillingSizes(from store: StoreLocation) throws -> Closure {
        var sized: [Node] = []
        try OrderedThreadPool<Node, Node>.forEach(nodes, width: workerCount) { node in
            guard node.narSize == nil else { return node }
            let size = try NarSize.of(node.path, in: store)
            return Node(path: node.path, references: node.references, narSize: size)
        } body: { node in
            sized.append(node)
        }
        return try Closure(sized, source: source)
    }
}
