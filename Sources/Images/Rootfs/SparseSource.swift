import ByteIO
import Tar

/// Reads a sparse file of a layer as a whole file, with zeros where nothing is stored.
final class SparseSource: ByteSource {
    private let stored: FileRange
    private var cursor: SparseCursor

    /// - Parameters:
    ///   - stored: the stored parts of the file, one after the other.
    ///   - map: their places in the file.
    init(_ stored: FileRange, _ map: SparseMap) {
        self.stored = stored
        cursor = SparseCursor(map)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let read: Int
        switch cursor.part(limit: buffer.count) {
        case nil: return 0
        case .zeros(let count):
            UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]).initializeMemory(as: UInt8.self, repeating: 0)
            read = count
        case .stored(let count, let offset):
            read = try stored.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: offset)
            guard read > 0 else { throw stored.file.shortened }
        }
        cursor.advance(read)
        return read
    }
}

extension RootFilesystem {
    /// Whether a file has the same contents as a file of another root filesystem. Both are files.
    ///
    /// - Throws: `ToolError` with code `io` if a layer cannot be read.
    package func hasSameContents(_ id: ID, as other: ID, of tree: RootFilesystem) throws -> Bool {
        guard let mine = body(id), let others = tree.body(other) else { return true }
        guard self[id].size == tree[other].size else { return false }
        let sources = (source(mine, sparseMap(id)), source(others, tree.sparseMap(other)))
        return try sources.0.holdsTheSame(as: sources.1)
    }

    private func source(_ body: FileRange, _ map: SparseMap?) -> any ByteSource {
        map.map { SparseSource(body, $0) } ?? body.source()
    }
}
