import Errors
import Processes
import SystemPackage

/// The disk that the layer is made on: an empty ext4 file system.
enum LayerDisk {
    /// Makes the disk.
    ///
    /// - Parameters:
    ///   - size: its size in MiB.
    ///   - groups: registers mke2fs while it runs.
    /// - Throws: `ToolError` with code `unavailable` if mke2fs is missing, `data` if the disk is too small for ext4.
    static func make(_ path: FilePath, size: Int, programPath: String, groups: ProcessGroups) async throws {
        try SparseFile.make(path, size: size)
        // No journal and no reserved blocks, because the disk exists as long as the virtual machine; an inode per 8
        // KiB, because layers consist of small files.
        var command = ToolCommand(
            .mke2fs, ["-q", "-F", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-i", "8192", path.string],
            programPath: programPath)
        command.groups = groups
        let result = try await command.run()
        try result.check(
            .data, "cannot make a file system on the virtual machine's disk of \(size) MiB",
            remedy: "increase diskSize in the spec; the unit is MiB")
    }
}

/// A sparse file: it takes no space on disk before it is written to.
enum SparseFile {
    /// Makes the file.
    ///
    /// - Parameter size: its size in MiB.
    /// - Throws: `ToolError` with code `io`.
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
