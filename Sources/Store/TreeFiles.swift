import ByteIO
import CLinux
import Errors
import Glibc
import SystemPackage
import Tar

/// Opens the files of a tree for reading, below the descriptors of their origins and without following links.
package final class TreeFiles {
    private let tree: FileTree
    private let directories: OriginDirectories

    /// - Parameter tree: the tree; no file is opened yet.
    package init(_ tree: FileTree) {
        self.tree = tree
        directories = OriginDirectories(tree.origins)
    }

    /// Calls `body` with the open file of an entry.
    ///
    /// - Parameters:
    ///   - path: the entry's path in the tree, followed by a NUL.
    ///   - check: what is compared with the entry to find out whether the file has changed.
    /// - Throws: `ToolError` with code `io` if the file cannot be read or has changed since the tree was read.
    package func withFile(
        _ entry: FileTree.Entry, at path: UnsafeRawBufferPointer, check: ChangeCheck = .modification,
        _ body: (TreeFile) throws -> Void
    ) throws {
        let descriptor = try open(entry, at: path)
        defer { close(descriptor) }
        let file = TreeFile(descriptor: descriptor, name: { self.machinePath(entry, path) })
        do {
            try body(file)
        } catch {
            // If the file has changed, that is the cause to report.
            try file.check(entry, check)
            throw error is TarBodyTooShort ? file.changed : error
        }
        // Checked after reading, so that changes before and while reading are detected.
        try file.check(entry, check)
    }

    /// Checks that a file's size and times are those of its entry, without opening the file.
    ///
    /// - Parameter path: the entry's path in the tree, followed by a NUL.
    /// - Throws: `ToolError` with code `io` if they are not.
    package func check(_ entry: FileTree.Entry, at path: UnsafeRawBufferPointer) throws {
        let origin = tree.origins[Int(entry.origin)]
        var status = stat()
        let result: Int32
        if origin.isFile {
            result = origin.path.withPlatformString { lstat($0, &status) }
        } else if let chars = origin.path(in: path).baseAddress?.assumingMemoryBound(to: CChar.self) {
            let directory = try directories.descriptor(of: entry.origin)
            result = fstatat(directory, chars, &status, AT_SYMLINK_NOFOLLOW)
        } else {
            result = -1
        }
        guard result == 0, entry.describes(status, .change) else {
            throw TreeFile.changed(machinePath(entry, path))
        }
    }

    /// What is compared to find out whether a file has changed.
    package enum ChangeCheck: Sendable {
        /// The size and the modification time, which other programs may set.
        case modification
        /// The change time too. A new name of the file changes it as well.
        case change
    }

    private func open(_ entry: FileTree.Entry, at path: UnsafeRawBufferPointer) throws -> Int32 {
        // O_NONBLOCK: opening a file that has been replaced by a FIFO must not block.
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

/// An open file of a tree.
package struct TreeFile: TarBody {
    /// The open descriptor.
    package let descriptor: Int32
    /// Nil: reading continues at the descriptor's position, the start of the file.
    package var offset: UInt64? { nil }
    /// The path for errors.
    let name: () -> FilePath

    /// Reads the next bytes.
    ///
    /// - Throws: `ToolError` with code `io`.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw ToolError.io("cannot read \(name())") }
        }
    }

    /// The file's status (fstat(2)).
    func status() throws -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw ToolError.io("cannot read \(name())") }
        return status
    }

    /// Checks that the file's size and times are those of the entry.
    ///
    /// - Throws: `ToolError` with code `io` if they are not.
    func check(_ entry: FileTree.Entry, _ check: TreeFiles.ChangeCheck) throws {
        guard entry.describes(try status(), check) else { throw changed }
    }

    /// The error for a file that has changed.
    var changed: ToolError { Self.changed(name()) }

    static func changed(_ path: FilePath) -> ToolError {
        ToolError(
            .io, "cannot read \(path)", cause: "the file changed while it was read",
            remedy: "make sure that no program writes to it, and run again")
    }
}

extension FileTree.Entry {
    /// Whether the status of a regular file is that of the entry.
    fileprivate func describes(_ status: stat, _ check: TreeFiles.ChangeCheck) -> Bool {
        FileTree.Kind(mode: status.st_mode) == .file && UInt64(status.st_size) == size
            && status.st_mtim.nanoseconds == modified
            && (check == .modification || status.st_ctim.nanoseconds == changed)
    }
}

/// A tree with an index of its directories.
struct TreeIndex: Sendable {
    /// The tree.
    let tree: FileTree
    /// For each entry the index after the last entry below it.
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

    /// The name of an entry.
    func name(of index: Int) -> ArraySlice<UInt8> { tree.bytes[tree.entries[index].name.range] }

    /// The indices of a directory's entries, in the order of the tree.
    func children(of directory: Int) -> [Int] {
        var children: [Int] = []
        var index = directory + 1
        while index < ends[directory] {
            children.append(index)
            index = ends[index]
        }
        return children
    }

    /// The index of the entry with a name in a directory; nil if there is none.
    func child(of directory: Int, named name: some Collection<UInt8>) -> Int? {
        var index = directory + 1
        while index < ends[directory] {
            if self.name(of: index).elementsEqual(name) { return index }
            index = ends[index]
        }
        return nil
    }
}
