import Tar

/// Searches a tree's names, link targets and files for hash parts.
struct TreeScanner: Sendable {
    /// The size of the read buffer in bytes, which fits into the processor's cache.
    private static let bufferSize = 256 * 1024

    let scanner: ReferenceScanner

    /// The positions of the hash parts that occur in a tree.
    ///
    /// - Throws: `ToolError` with code `io` if a file cannot be read or changes meanwhile.
    func scan(_ tree: FileTree) throws -> Set<Int> {
        let files = TreeFiles(tree)
        let buffer = Self.makeBuffer()
        defer { buffer.deallocate() }
        var found: Set<Int> = []
        try tree.forEach { entry, path, target in
            scanner.search(path, found: &found)
            switch entry.kind {
            case .file where entry.size >= ReferenceScanner.length:
                try files.withFile(entry, at: path) { try scan($0, buffer, &found) }
            case .link:
                scanner.search(target, found: &found)
            case .file, .directory, .fifo, .characterDevice, .blockDevice, .socket:
                break
            }
        }
        return found
    }

    /// The positions of the hash parts that occur in a file.
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
        // The end of the previous block, which may contain the beginning of a hash part.
        var kept = 0
        while true {
            let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[kept...]))
            if count == 0 { return }
            let filled = UnsafeRawBufferPointer(rebasing: buffer[..<(kept + count)])
            scanner.search(filled, found: &found)
            let rest = filled.suffix(ReferenceScanner.length - 1)
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest))
            kept = rest.count
        }
    }
}
