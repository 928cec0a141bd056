import ByteIO
import Errors
package import OCI

/// A complete set of store paths and their references: every referenced path is in the set.
package struct Closure: Equatable, Sendable {
    /// The largest number of paths.
    ///
    /// Planning layers takes up to a bit for each pair of paths, 256 MiB at this count. The closure of a desktop system
    /// has about 30,000 paths.
    package static let maximumCount = 65_536

    /// The paths in the order of the input, without duplicates.
    package let nodes: [Node]
    /// The positions in `nodes` of the references of each node.
    package let references: [[Int]]
    /// The name of the source in errors: `the graph file 'closure.json'`.
    package let source: String
    private let positions: [StorePath: Int]

    /// Makes a closure of listed nodes.
    ///
    /// Nodes of the same path are united at the position of the first, with all their references, the first known size,
    /// and the hash if they agree on it.
    ///
    /// - Throws: `ToolError` with code `data` if a path refers to one that is not listed, or there are more than
    ///   `maximumCount` paths.
    package init(_ listed: some Sequence<Node>, source: String) throws {
        var nodes: [Node] = []
        var positions: [StorePath: Int] = [:]
        var repeated: [Int: [Node]] = [:]
        for node in listed {
            if let position = positions[node.path] {
                repeated[position, default: []].append(node)
            } else {
                positions[node.path] = nodes.count
                nodes.append(node)
            }
        }
        for (position, others) in repeated { nodes[position] = nodes[position].united(with: others) }
        guard nodes.count <= Self.maximumCount else {
            throw ToolError(
                .data, "cannot use \(source)",
                cause: "it lists \(nodes.count) store paths, more than the limit of \(Self.maximumCount)",
                remedy: "check that this is the intended closure; an image needs a smaller one")
        }
        self.references = try nodes.map { node in
            try node.references.map { reference in
                guard let position = positions[reference] else {
                    throw ToolError(
                        .data, "cannot use \(source)",
                        cause: "'\(node.path)' refers to '\(reference)', which is not listed",
                        remedy: "make the graph of the complete closure: nix path-info --json --recursive")
                }
                return position
            }
        }
        self.nodes = nodes
        self.positions = positions
        self.source = source
    }

    /// The position of a path in `nodes`; nil if the path is not in the closure.
    package func position(of path: StorePath) -> Int? { positions[path] }

    /// The node of a path; nil if the path is not in the closure.
    package func node(of path: StorePath) -> Node? { positions[path].map { nodes[$0] } }

    /// The closure of some roots: the roots and the paths that they refer to directly or indirectly, in the same order.
    ///
    /// - Throws: `ToolError` with code `data` if a root is not in the closure.
    package func reachable(from roots: [StorePath]) throws -> Closure {
        var reached = [Bool](repeating: false, count: nodes.count)
        var pending: [Int] = []
        for root in roots {
            guard let position = positions[root] else {
                throw ToolError(
                    .data, "store path '\(root)' is not in the closure graph",
                    cause: "\(source) lists \(nodes.count) store paths, and this path is not one of them",
                    remedy: "make the graph of all paths that the image needs, or remove the path from the spec")
            }
            pending.append(position)
        }
        while let position = pending.popLast() {
            guard !reached[position] else { continue }
            reached[position] = true
            pending.append(contentsOf: references[position])
        }
        return try Closure(zip(nodes, reached).lazy.filter(\.1).map(\.0), source: source)
    }
}

extension Closure {
    /// A store path with its references.
    package struct Node: Hashable, Sendable {
        /// The path.
        package let path: StorePath
        /// The other paths that its files contain, without duplicates, in the order of the input.
        package let references: [StorePath]
        /// The size of the path's NAR in bytes; nil if unknown.
        package let narSize: UInt64?
        /// The SHA-256 of the path's NAR, which covers all that a store keeps of its files; nil if unknown.
        package let narHash: Digest?

        /// - Parameter references: the references; `path` itself and duplicates are dropped.
        package init(
            path: StorePath, references: [StorePath] = [], narSize: UInt64? = nil, narHash: Digest? = nil
        ) {
            self.path = path
            var seen: Set<StorePath> = [path]
            self.references = references.filter { seen.insert($0).inserted }
            self.narSize = narSize
            self.narHash = narHash
        }

        /// Unites nodes of the same path.
        func united(with others: [Node]) -> Node {
            let hashes = Set(([self] + others).compactMap(\.narHash))
            return Node(
                path: path, references: references + others.flatMap(\.references),
                narSize: narSize ?? others.lazy.compactMap(\.narSize).first,
                narHash: hashes.count == 1 ? hashes.first : nil)
        }
    }
}

extension Closure {
    /// The closure with the sizes of all paths. Unknown sizes are computed from the files on this machine.
    ///
    /// - Throws: `ToolError` with code `io` if a path cannot be read.
    package func fillingSizes(from store: StoreLocation) throws -> Closure {
        var sized: [Node] = []
        try OrderedThreadPool<Node, Node>.forEach(nodes, width: workerCount) { node in
            guard node.narSize == nil else { return node }
            let size = try NarSize.of(node.path, in: store)
            return Node(path: node.path, references: node.references, narSize: size, narHash: node.narHash)
        } body: { node in
            sized.append(node)
        }
        return try Closure(sized, source: source)
    }
}
