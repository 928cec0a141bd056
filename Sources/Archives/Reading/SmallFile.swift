import SystemPackage

/// Files that are read whole, since they are small by their nature.
public enum SmallFile {
    /// The bytes of a file; one more than `limit` of one that is longer.
    ///
    /// - Throws: `Errno`.
    public static func read(_ path: FilePath, limit: Int) throws -> [UInt8] {
        let descriptor = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        return try descriptor.closeAfter { try read(descriptor, limit: limit) }
    }

    /// The same of what is open already, from where it stands.
    public static func read(_ descriptor: FileDescriptor, limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count <= limit {
            let count = try buffer.withUnsafeMutableBytes {
                try descriptor.read(into: UnsafeMutableRawBufferPointer(rebasing: $0.prefix(limit + 1 - bytes.count)))
            }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }
}
