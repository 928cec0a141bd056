import Archives
import Failures
import Glibc
import SystemPackage
import Tar

/// A folder of its own for work files, in `$TMPDIR`, that goes when the work ends, whatever ends it.
final class WorkFolder: Sendable {
    let path: FilePath

    /// - Parameter surroundings: of the program, for `TMPDIR`.
    /// - Throws: `Failure` with code `io`.
    init(_ surroundings: Surroundings) throws {
        // Absolute, as scripts run in another folder.
        let base = surroundings.temporaryFolder
        let name = "dockertools-\(getpid())-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        path = base.appending(name)
        Cleanup.shared.add(folder: path)
        guard path.withPlatformString({ mkdir($0, 0o700) }) == 0 else {
            let failure = Failure.io(
                "cannot make a work folder in \(base)", advice: "set TMPDIR to a folder that can be written to")
            Cleanup.shared.remove(folder: path)
            throw failure
        }
    }

    deinit {
        FolderRemoval.remove(path)
        Cleanup.shared.remove(folder: path)
    }

    /// Makes a file in it.
    ///
    /// - Throws: `Failure` with code `io`; what `write` throws.
    @discardableResult
    func write(_ name: String, _ write: (any ByteSink) throws -> Void) throws -> FilePath {
        let file = path.appending(name)
        let descriptor = file.withPlatformString { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(0o600)) }
        guard descriptor >= 0 else { throw Failure.io("cannot write \(file)") }
        defer { close(descriptor) }
        try write(DescriptorSink(descriptor, name: "\(file)"))
        return file
    }

    /// Makes a folder in it.
    ///
    /// - Throws: `Failure` with code `io`.
    func makeFolder(_ name: String) throws -> FilePath {
        let folder = path.appending(name)
        guard folder.withPlatformString({ mkdir($0, 0o755) }) == 0 else {
            throw Failure.io("cannot make the folder \(folder)")
        }
        return folder
    }
}
