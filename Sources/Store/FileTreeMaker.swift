import CLinux
import Errors
import Glibc
package import SystemPackage
import Tar

extension FileTree {
    /// Makes the tree's files in an existing empty directory, so that a script can change them.
    ///
    /// Names of the same file become hard links. Directories get their attributes and modes after their entries are
    /// made.
    ///
    /// - Parameter unprotected: whether the owner may change all files, whatever their modes in the tree are.
    /// - Throws: `ToolError` with code `io` if a file cannot be made or an attribute can only be set by root, `data`
    ///   for devices and FIFOs, which are not made on this machine.
    package func make(in directory: FilePath, unprotected: Bool = false) throws {
        let root = directory.withPlatformString { clinux_open_place($0) }
        guard root >= 0 else { throw ToolError.io("cannot open the directory \(directory)") }
        defer { close(root) }
        var maker = FileTreeMaker(
            tree: self, files: TreeFiles(self), directory: directory, root: root, unprotected: unprotected)
        try forEach { entry, path, target in
            if !path.isEmpty { try maker.make(entry, path, target) }
        }
        try maker.finishDirectories()
    }
}

/// Makes the files of a tree below a directory descriptor.
private struct FileTreeMaker {
    let tree: FileTree
    let files: TreeFiles
    let directory: FilePath
    let root: Int32
    let unprotected: Bool
    /// The directories whose attributes and modes are not set yet.
    private var directories: [(path: [CChar], entry: FileTree.Entry)] = []
    /// The first path of each file that may have several names.
    private var firstPaths: [UInt32: [CChar]] = [:]

    init(tree: FileTree, files: TreeFiles, directory: FilePath, root: Int32, unprotected: Bool) {
        self.tree = tree
        self.files = files
        self.directory = directory
        self.root = root
        self.unprotected = unprotected
    }

    private func mode(of entry: FileTree.Entry) -> mode_t { mode_t(unprotected ? entry.unprotectedMode : entry.mode) }

    mutating func make(
        _ entry: FileTree.Entry, _ path: UnsafeRawBufferPointer, _ target: UnsafeRawBufferPointer
    ) throws {
        guard let name = path.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
        let terminated = path.map { CChar(bitPattern: $0) } + [0]
        if let file = tree.file(of: entry) {
            if let first = firstPaths[file] {
                guard linkat(root, first, root, name, 0) == 0 else { throw failure(name) }
                return
            }
            firstPaths[file] = terminated
        }
        switch entry.kind {
        case .directory:
            guard mkdirat(root, name, 0o700) == 0 else { throw failure(name) }
            directories.append((terminated, entry))
        case .link:
            guard let target = target.baseAddress?.assumingMemoryBound(to: CChar.self),
                symlinkat(target, root, name) == 0
            else { throw failure(name) }
        case .file:
            try files.withFile(entry, at: path) { try copy(entry, from: $0, to: name) }
        case .socket: break
        case .fifo, .characterDevice, .blockDevice:
            throw ToolError(
                .data, "cannot make \(machinePath(name))",
                cause: "it is a device or a FIFO, which scripts on this machine cannot have",
                remedy: "leave it out of contents, or remove the scripts from the spec")
        }
    }

    /// Sets the attributes and modes of directories, children before parents.
    func finishDirectories() throws {
        for (name, entry) in directories.reversed() {
            let path = { machinePath(name) }
            let descriptor = clinux_open_beneath(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { throw ToolError.io("cannot open the directory \(path())") }
            defer { close(descriptor) }
            for xattr in tree.xattrs(of: entry) { try ExtendedAttributes.set(xattr, of: descriptor, name: path) }
            guard fchmod(descriptor, mode(of: entry)) == 0 else {
                throw ToolError.io("cannot set the mode of the directory \(path())")
            }
        }
    }

    /// Makes a regular file with its contents, attributes and mode.
    private func copy(_ entry: FileTree.Entry, from file: TreeFile, to name: UnsafePointer<CChar>) throws {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let copy = openat(root, name, flags, mode_t(0o600))
        guard copy >= 0 else { throw failure(name) }
        defer { close(copy) }
        var rest = Int(entry.size)
        while rest > 0 {
            let count = sendfile(copy, file.descriptor, nil, rest)
            if count == 0 { throw TarBodyTooShort() }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(name)
            }
            rest -= count
        }
        // After the contents, because writing removes capabilities, and before the mode, which may forbid writing.
        for xattr in tree.xattrs(of: entry) {
            try ExtendedAttributes.set(xattr, of: copy) { machinePath(name) }
        }
        guard fchmod(copy, mode(of: entry)) == 0 else { throw failure(name) }
    }

    private func failure(_ name: UnsafePointer<CChar>) -> ToolError { .io("cannot make \(machinePath(name))") }

    private func machinePath(_ name: UnsafePointer<CChar>) -> FilePath {
        directory.pushing(FilePath(platformString: name))
    }
}
