import Archives

extension Closure {
    /// The same closure with the size of each path: where it is not known, that of the path's NAR on this machine.
    ///
    /// - Throws: `Failure` with code `io` if a path cannot be read.
    public func fillingSizes(from store: StoreLocation) throws -> Closure {
        var sized: [Node] = []
        try OrderedWorkers<Node, Node>.forEach(nodes, width: workerCount) { node in
            guard node.narSize == nil else { return node }
            let size = try NarSize.of(node.path, in: store)
            return Node(path: node.path, references: node.references, narSize: size)
        } body: { node in
            sized.append(node)
        }
        return try Closure(sized, source: source)
    }
}
