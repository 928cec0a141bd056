import Tar

/// Looks for hash parts in all that a tree holds: names, links' targets and files.
struct TreeScanner: Sendable {
    /// How many bytes are read at a time: well inside a processor's cache.
    private static let bufferSize = 256 * 1024

    let search: ReferenceScanner

    /// The positions of the hash parts that are found.
    ///
    /// - Throws: `ToolError` with code `io` where a file cannot be read, or changes meanwhile.
    func scan(_ tree: FileTree) throws -> Set<Int> {
        let files = TreeFiles(tree)
        let buffer = Self.makeBuffer()
        defer { buffer.deallocate() }
        var found: Set<Int> = []
        try tree.forEach { entry, path, target in
            search.search(path, found: &found)
            switch entry.kind {
            case .file where entry.size >= ReferenceScanner.length:
                try files.withFile(entry, at: path) { try scan($0, buffer, &found) }
            case .link:
                search.search(target, found: &found)
            case .file, .directory, .fifo, .characterDevice, .blockDevice, .socket:
                break
            }
        }
        return found
    }

    /// The positions of the hash parts that are found.
    func scan(_ bytes: some TarBody) throws -> Set<Int> {
        let buffer = Self.makeBuffer()
        defer { buffer.deallocate() }
        var found: Set<Int> = []
        try scan(bytes, buffer, &found)
        return found
    }

    private static func makeBuffer() -> UnsafeMutableRawBufferPointer {
        .allocate(byteCount: bufferSize, alignment: 64)
    }

    private func scan(_ file: some TarBody, _ buffer: UnsafeMutableRawBufferPointer, _ found: inout Set<Int>) throws {
        // The end of what was read before: the beginning of a hash part, perhaps.
        var kept = 0
        while true {
            let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[kept...]))
            if count == 0 { return }
            let filled = UnsafeRawBufferPointer(rebasing: buffer[..<(kept + count)])
            search.search(filled, found: &found)
            let rest = filled.suffix(ReferenceScanner.length - 1)
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest))
            kept = rest.count
        }
    }
}
