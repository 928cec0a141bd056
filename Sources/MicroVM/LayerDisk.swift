import Errors
import Subprocess
import SystemPackage

/// The disk that the layer is made on: an empty ext4.
enum LayerDisk {
    private static let program = "mke2fs"

    /// - Parameter size: MiB.
    /// - Throws: `ToolError` with code `unavailable` if mke2fs is not there, `data` if the disk is too small for it.
    static func make(_ path: FilePath, size: Int, programPath: String) async throws {
        try SparseFile.make(path, size: size)
        let (status, words) = try await makeFileSystem(path, programPath)
        guard status.isSuccess else {
            throw ToolError(
                .data, "cannot make a file system on the virtual machine's disk of \(size) MiB",
                cause: words.split(separator: "\n").last.map(String.init) ?? "\(program) failed",
                remedy: "give it more room: diskSize in the spec, in MiB")
        }
    }

    private static func makeFileSystem(
        _ path: FilePath, _ programPath: String
    ) async throws -> (TerminationStatus, words: String) {
        do {
            let result = try await Subprocess.run(
                .name(program),
                // No journal and nothing kept back: the disk lives as long as the machine. An inode for each 8 KiB, as small
                // files are what layers are made of.
                arguments: ["-q", "-F", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-i", "8192", path.string],
                environment: .custom(["PATH": SystemPrograms.path(with: programPath), "LC_ALL": "C"]),
                output: .discarded, error: .string(limit: 64 * 1024))
            return (result.terminationStatus, result.standardError)
        } catch let error as SubprocessError {
            throw ToolError(
                .unavailable, "cannot run \(program)", cause: "\(error)",
                remedy: "install the package e2fsprogs: apt-get install e2fsprogs")
        }
    }
}

/// A file of holes: it takes no room before something is written to it.
enum SparseFile {
    /// - Parameter size: MiB.
    static func make(_ path: FilePath, size: Int) throws {
        do {
            let permissions: FilePermissions = [.ownerReadWrite]
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: permissions)
            try file.closeAfter { try file.resize(to: Int64(size) << 20) }
        } catch let error as Errno {
            throw ToolError.io("cannot make a disk of \(size) MiB for the virtual machine", error)
        }
    }
}
