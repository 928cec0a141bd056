import Archives
import Failures
import Glibc
import SystemPackage

/// A file that is there whole or not at all: written beside its place, synced, and renamed.
///
/// Where a device or a pipe stands at the path, it is written to as it is.
final class OutputFile {
    /// Where to write.
    let descriptor: Int32
    private let path: FilePath
    private let temporary: FilePath?
    private var isCommitted = false

    /// - Parameters:
    ///   - path: where the file is to be; links are followed.
    ///   - onlyRegular: whether devices and pipes are refused.
    /// - Throws: `Failure` with code `io`, or `usage` for a folder, and for what else is refused.
    init(_ path: FilePath, onlyRegular: Bool = false) throws {
        // The file that a link stands for is replaced, and not the link.
        let path = path.real ?? path
        self.path = path
        var status = stat()
        let isThere = path.withPlatformString { stat($0, &status) } == 0
        let kind = status.st_mode & S_IFMT
        if isThere, kind == S_IFDIR {
            throw Failure(
                .usage, "cannot write to \(path)", why: "it is a folder", advice: "name a file in it with --output")
        }
        if isThere, kind != S_IFREG {
            guard !onlyRegular else {
                throw Failure(
                    .usage, "cannot write to \(path)", why: "it is no regular file", advice: "name a file with --output"
                )
            }
            temporary = nil
            descriptor = path.withPlatformString { open($0, O_WRONLY | O_CLOEXEC) }
        } else {
            let partial = PartialFile(beside: path)
            (temporary, descriptor) = (partial.path, partial.descriptor)
        }
        guard descriptor >= 0 else { throw Failure.io("cannot write \(path)") }
    }

    /// The path of what is written.
    var partial: FilePath { temporary ?? path }

    /// Bytes that are in it.
    var size: UInt64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt64(status.st_size) : 0
    }

    /// Puts the file in its place.
    ///
    /// - Throws: `Failure` with code `io`.
    func commit() throws {
        guard let temporary else { return }
        guard fchmod(descriptor, 0o666 & ~FileMask.ofUser) == 0, fsync(descriptor) == 0,
            temporary.withPlatformString({ old in path.withPlatformString { rename(old, $0) } }) == 0
        else { throw Failure.io("cannot write \(path)") }
        isCommitted = true
        Cleanup.shared.remove(file: temporary)
        path.removingLastComponent().syncFolder()
    }

    deinit {
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard let temporary, !isCommitted else { return }
        // Still locked, so that it is nobody else's yet.
        temporary.withPlatformString { _ = unlink($0) }
        Cleanup.shared.remove(file: temporary)
    }
}

extension OutputFile {
    /// Writes a text to a file, whole or not at all.
    ///
    /// - Throws: `Failure` with code `io`.
    static func write(_ text: String, to path: String) throws {
        let file = try OutputFile(FilePath(path))
        try DescriptorSink(file.descriptor, name: path).write(Array(text.utf8))
        try file.commit()
    }
}
