import ByteIO
import CLinux
import Errors
import Glibc
import SystemPackage
import Tar

/// Opens the files of a tree for reading, each below its origin's descriptor, following no link.
package final class TreeFiles {
    private let tree: FileTree
    private let directories: OriginDirectories

    package init(_ tree: FileTree) {
        self.tree = tree
        directories = OriginDirectories(tree.origins)
    }

    /// Calls `body` with the file of an entry, open at its start.
    ///
    /// - Parameter path: the entry's path in the tree, a NUL behind it.
    /// - Throws: `ToolError` with code `io` if the file cannot be read, or is not what it was when the tree was read.
    package func withFile(
        _ entry: FileTree.Entry, at path: UnsafeRawBufferPointer, _ body: (TreeFile) throws -> Void
    ) throws {
        let descriptor = try open(entry, at: path)
        defer { close(descriptor) }
        let file = TreeFile(descriptor: descriptor, name: { self.machinePath(entry, path) })
        do {
            try body(file)
        } catch {
            // What went wrong may come of a change, and then that is what to tell.
            try file.check(entry)
            throw error is TarBodyTooShort ? file.changed : error
        }
        // Afterwards, so that a change before and a change in the middle both show.
        try file.check(entry)
    }

    private func open(_ entry: FileTree.Entry, at path: UnsafeRawBufferPointer) throws -> Int32 {
        // What has become a FIFO since must not make the program wait.
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let origin = tree.origins[Int(entry.origin)]
        let descriptor: Int32
        if origin.isFile {
            descriptor = origin.path.withPlatformString { Glibc.open($0, flags) }
        } else if let chars = origin.path(in: path).baseAddress?.assumingMemoryBound(to: CChar.self) {
            descriptor = clinux_open_beneath(try directories.descriptor(of: entry.origin), chars, flags)
        } else {
            descriptor = -1
        }
        guard descriptor >= 0 else {
            throw ToolError.io("cannot open \(machinePath(entry, path))")
        }
        return descriptor
    }

    private func machinePath(_ entry: FileTree.Entry, _ path: UnsafeRawBufferPointer) -> FilePath {
        let origin = tree.origins[Int(entry.origin)]
        return origin.isFile ? origin.path : origin.path.pushing(FilePath(bytes: origin.path(in: path)))
    }
}

/// One open file of a tree.
package struct TreeFile: TarBody {
    package let descriptor: Int32
    /// The file has just been opened.
    package var offset: UInt64? { nil }
    let name: () -> FilePath

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw ToolError.io("cannot read \(name())") }
        }
    }

    /// What the file system says of it.
    func status() throws -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw ToolError.io("cannot read \(name())") }
        return status
    }

    /// Throws if the file is not what it was when the tree was read: size and time of change tell.
    func check(_ entry: FileTree.Entry) throws {
        let status = try status()
        let modified = status.st_mtim.nanoseconds
        guard FileTree.Kind(mode: status.st_mode) == .file, UInt64(status.st_size) == entry.size,
            modified == entry.modified
        else { throw changed }
    }

    var changed: ToolError {
        ToolError(
            .io, "cannot read \(name())", cause: "the file changed while it was read",
            remedy: "see that nothing writes to it, and run again")
    }
}

/// A tree with the ways in it: what each directory holds.
struct TreeIndex: Sendable {
    let tree: FileTree
    /// For each entry: the index behind the last entry below it.
    let ends: [Int]

    init(_ tree: FileTree) {
        self.tree = tree
        var ends = [Int](repeating: tree.entries.count, count: tree.entries.count)
        var open: [Int] = []
        for (index, entry) in tree.entries.enumerated() {
            while let last = open.last, tree.entries[last].depth >= entry.depth {
                ends[last] = index
                open.removeLast()
            }
            open.append(index)
        }
        self.ends = ends
    }

    func name(of index: Int) -> ArraySlice<UInt8> { tree.bytes[tree.entries[index].name.range] }

    /// The indices of what a directory holds, in order.
    func children(of directory: Int) -> [Int] {
        var children: [Int] = []
        var index = directory + 1
        while index < ends[directory] {
            children.append(index)
            index = ends[index]
        }
        return children
    }

    /// The index of what has a name in a directory.
    func child(of directory: Int, named name: some Collection<UInt8>) -> Int? {
        var index = directory + 1
        while index < ends[directory] {
            if self.name(of: index).elementsEqual(name) { return index }
            index = ends[index]
        }
        return nil
    }
}
