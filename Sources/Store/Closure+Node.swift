extension Closure {
    /// A store path of a closure, with what it refers to.
    public struct Node: Hashable, Sendable {
        public let path: StorePath
        /// The other paths that it names in its files, each once, in the order of the input.
        public let references: [StorePath]
        /// The size of the path's NAR in bytes, nil if the source of the closure does not know it.
        public let narSize: UInt64?

        /// - Parameter references: may name `path` itself and may repeat; both are dropped.
        public init(path: StorePath, references: [StorePath] = [], narSize: UInt64? = nil) {
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
