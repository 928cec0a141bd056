import Archives
import CLinux
import Failures
import Glibc
import SystemPackage
import Tar

/// Opens the files of a tree for reading, each below its origin's descriptor, following no link.
public final class TreeFiles {
    private let tree: FileTree
    private let folders: OriginFolders

    public init(_ tree: FileTree) {
        self.tree = tree
        folders = OriginFolders(tree.origins)
    }

    /// Calls `body` with the file of an entry, open at its start.
    ///
    /// - Parameter path: the entry's path in the tree, a NUL behind it.
    /// - Throws: `Failure` with code `io` if the file cannot be read, or is not what it was when the tree was read.
    public func withFile(
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
            descriptor = clinux_open_beneath(try folders.descriptor(of: entry.origin), chars, flags)
        } else {
            descriptor = -1
        }
        guard descriptor >= 0 else {
            throw Failure.io("cannot open \(machinePath(entry, path))")
        }
        return descriptor
    }

    private func machinePath(_ entry: FileTree.Entry, _ path: UnsafeRawBufferPointer) -> FilePath {
        let origin = tree.origins[Int(entry.origin)]
        return origin.isFile ? origin.path : origin.path.pushing(FilePath(bytes: origin.path(in: path)))
    }
}

/// One open file of a tree.
public struct TreeFile: TarBody {
    public let descriptor: Int32
    /// The file has just been opened.
    public var offset: UInt64? { nil }
    let name: () -> FilePath

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw Failure.io("cannot read \(name())") }
        }
    }

    /// What the file system says of it.
    func status() throws -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure.io("cannot read \(name())") }
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

    var changed: Failure {
        Failure(
            .io, "cannot read \(name())", why: "the file changed while it was read",
            advice: "see that nothing writes to it, and run again")
    }
}
