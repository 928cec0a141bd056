import CLinux
import Failures
import Glibc
import SystemPackage
import Tar

extension FileTree {
    /// Makes the tree's files in a folder that is there and empty, so that a script can change them.
    ///
    /// Names of one file become hard links. Folders get the attributes and modes that the tree gives them when all is in
    /// them.
    ///
    /// - Throws: `Failure` with code `io`, as for attributes that only root may set, or `data` for devices and FIFOs, which
    ///   are not made on this machine.
    public func make(in folder: FilePath) throws {
        let root = folder.withPlatformString { clinux_open_place($0) }
        guard root >= 0 else { throw Failure.io("cannot open the folder \(folder)") }
        defer { close(root) }
        let files = TreeFiles(self)
        var folders: [(path: [CChar], entry: Entry)] = []
        // The first name of each file that may have others.
        var names: [UInt32: [CChar]] = [:]
        try forEach { entry, path, target in
            guard !path.isEmpty, let name = path.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
            let machinePath = { folder.appending(String(cString: name)) }
            let place = { "cannot make \(machinePath())" }
            if let file = file(of: entry) {
                if let first = names[file] {
                    guard linkat(root, first, root, name, 0) == 0 else { throw Failure.io(place()) }
                    return
                }
                names[file] = path.map { CChar(bitPattern: $0) } + [0]
            }
            switch entry.kind {
            case .folder:
                guard mkdirat(root, name, 0o700) == 0 else { throw Failure.io(place()) }
                folders.append((path.map { CChar(bitPattern: $0) } + [0], entry))
            case .link:
                guard let target = target.baseAddress?.assumingMemoryBound(to: CChar.self),
                    symlinkat(target, root, name) == 0
                else { throw Failure.io(place()) }
            case .file:
                try files.withFile(entry, at: path) { file in
                    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
                    let copy = openat(root, name, flags, mode_t(0o600))
                    guard copy >= 0 else { throw Failure.io(place()) }
                    defer { close(copy) }
                    try Self.copy(entry.size, from: file, to: copy, place)
                    // Before the mode, which may let nobody write, and behind the contents, which would take them away.
                    for xattr in xattrs(of: entry) { try ExtendedAttributes.set(xattr, of: copy, name: machinePath) }
                    guard fchmod(copy, mode_t(entry.mode)) == 0 else { throw Failure.io(place()) }
                }
            case .socket: break
            case .fifo, .characterDevice, .blockDevice:
                throw Failure(
                    .data, place(), why: "it is a device or a FIFO, which no script on this machine gets",
                    advice: "leave it out of contents, or leave out the commands")
            }
        }
        for (name, entry) in folders.reversed() {
            let machinePath = { folder.pushing(FilePath(platformString: name)) }
            let place = clinux_open_beneath(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard place >= 0 else { throw Failure.io("cannot open the folder \(machinePath())") }
            defer { close(place) }
            for xattr in xattrs(of: entry) { try ExtendedAttributes.set(xattr, of: place, name: machinePath) }
            guard fchmod(place, mode_t(entry.mode)) == 0 else {
                throw Failure.io("cannot set the mode of the folder \(machinePath())")
            }
        }
    }

    private static func copy(_ size: UInt64, from file: TreeFile, to copy: Int32, _ place: () -> String) throws {
        var rest = Int(size)
        while rest > 0 {
            let count = sendfile(copy, file.descriptor, nil, rest)
            if count == 0 { throw TarBodyTooShort() }
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure.io(place())
            }
            rest -= count
        }
    }
}
