import CLinux
import Failures
import Glibc
import SystemPackage
import Tar

extension FileTree {
    /// Makes the tree's files in a folder that is there and empty, so that a script can change them.
    ///
    /// Folders get the modes that the tree gives them when all is in them.
    ///
    /// - Throws: `Failure` with code `io`, or `data` for devices and FIFOs, which are not made on this machine.
    public func make(in folder: FilePath) throws {
        let root = folder.withPlatformString { clinux_open_place($0) }
        guard root >= 0 else { throw Failure.io("cannot open the folder \(folder)") }
        defer { close(root) }
        let files = TreeFiles(self)
        var folders: [(path: [UInt8], mode: mode_t)] = []
        try forEach { entry, path, target in
            guard !path.isEmpty, let name = path.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
            let place = { "cannot make \(folder.appending(String(cString: name)))" }
            switch entry.kind {
            case .folder:
                guard mkdirat(root, name, 0o700) == 0 else { throw Failure.io(place()) }
                folders.append((Array(path) + [0], mode_t(entry.mode)))
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
                    guard fchmod(copy, mode_t(entry.mode)) == 0 else { throw Failure.io(place()) }
                }
            case .socket: break
            case .fifo, .characterDevice, .blockDevice:
                throw Failure(
                    .data, place(), why: "it is a device or a FIFO, which no script on this machine gets",
                    advice: "leave it out of contents, or leave out the commands")
            }
        }
        for (path, mode) in folders.reversed() {
            let name = path.map { CChar(bitPattern: $0) }
            guard fchmodat(root, name, mode, 0) == 0 else {
                throw Failure.io("cannot set the mode of a folder in \(folder)")
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
