/// Computes the size of a NAR, the archive format of Nix, from metadata alone.
///
/// Source: the grammar in E. Dolstra, "The Purely Functional Software Deployment Model", figure 5.2. A string is its
/// length in 8 bytes and its bytes padded with zeros to a multiple of 8.
package enum NarSize {
    /// The size in bytes of the NAR of a tree.
    ///
    /// A NAR cannot have devices, FIFOs and sockets; they count as empty files. A sum of more than 64 bits, possible
    /// only with sparse files, is reduced to the largest number.
    package static func of(_ tree: FileTree) -> UInt64 {
        var size = magic
        for entry in tree.entries {
            if entry.depth > 0 { size = sum(size, sum(member, string(length: UInt64(entry.name.length)))) }
            size = sum(size, node(entry))
        }
        return size
    }

    private static let magic = strings("nix-archive-1")
    /// The strings of a directory's member without its name.
    private static let member = strings("entry", "(", "name", "node", ")")
    private static let directory = strings("(", "type", "directory", ")")
    /// The strings of a link without its target, and of a file without its contents.
    private static let link = strings("(", "type", "symlink", "target", ")")
    private static let file = strings("(", "type", "regular", "contents", ")")
    private static let executable = strings("executable", "")

    /// The size in bytes of the NAR of a store path.
    ///
    /// - Throws: `ToolError` with code `io` if it cannot be read.
    package static func of(_ path: StorePath, in store: StoreLocation) throws -> UInt64 {
        of(try FileTree.walk(store.machinePath(of: path)))
    }

    private static func node(_ entry: FileTree.Entry) -> UInt64 {
        switch entry.kind {
        case .directory: directory
        case .link: sum(link, string(length: entry.size))
        // A file is executable for Nix if its owner can execute it.
        case .file: sum(file + (entry.mode & 0o100 != 0 ? executable : 0), string(length: entry.size))
        case .fifo, .characterDevice, .blockDevice, .socket: sum(file, string(length: 0))
        }
    }

    private static func strings(_ strings: StaticString...) -> UInt64 {
        strings.reduce(0) { $0 + string(length: UInt64($1.utf8CodeUnitCount)) }
    }

    private static func string(length: UInt64) -> UInt64 {
        sum(8, sum(length, 7) & ~7)
    }

    private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}
