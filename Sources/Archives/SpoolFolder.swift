import CLinux
import Failures
import SystemPackage

/// The folder for files without a name: what has to be on disk to be read in any order. They are gone when they are closed,
/// whatever ends the program.
public struct SpoolFolder: Sendable {
    private let path: FilePath

    /// - Parameter path: absolute; `$TMPDIR`.
    public init(_ path: FilePath) {
        self.path = path
    }

    /// Makes an empty file.
    ///
    /// - Parameter name: what will be in it, for errors.
    /// - Throws: `Failure` with code `io`.
    public func makeFile(_ name: String) throws -> SpoolFile {
        SpoolFile(try openFile(name), sinkName: "a work file in \(path)")
    }

    /// Makes an empty file that is written by its descriptor.
    ///
    /// - Parameter name: what will be in it, for errors.
    /// - Throws: `Failure` with code `io`.
    public func openFile(_ name: String) throws -> OpenFile {
        let descriptor = path.withPlatformString { clinux_open_nameless($0) }
        guard descriptor >= 0 else {
            throw Failure.io(
                "cannot make a work file in \(path)", advice: "set TMPDIR to a folder that can be written to")
        }
        return OpenFile(nameless: descriptor, name: name)
    }
}
