import CLinux
import Errors
package import SystemPackage

/// The directory for files without a name: what has to be on disk to be read in any order. They are gone when they are closed,
/// whatever ends the program.
package struct SpoolDirectory: Sendable {
    private let path: FilePath

    /// - Parameter path: absolute; `$TMPDIR`.
    package init(_ path: FilePath) {
        self.path = path
    }

    /// Makes an empty file.
    ///
    /// - Parameter name: what will be in it, for errors.
    /// - Throws: `ToolError` with code `io`.
    package func makeFile(_ name: String) throws -> SpoolFile {
        SpoolFile(try openFile(name), sinkName: "a work file in \(path)")
    }

    /// Makes an empty file that is written by its descriptor.
    ///
    /// - Parameter name: what will be in it, for errors.
    /// - Throws: `ToolError` with code `io`.
    package func openFile(_ name: String) throws -> OpenFile {
        let descriptor = path.withPlatformString { clinux_open_nameless($0) }
        guard descriptor >= 0 else {
            throw ToolError.io(
                "cannot make a work file in \(path)", remedy: "set TMPDIR to a directory that can be written to")
        }
        return OpenFile(nameless: descriptor, name: name)
    }
}

/// A file without a name that bytes are put behind one another in, to be read in any order.
package final class SpoolFile {
    private let file: OpenFile
    private let sink: DescriptorSink

    init(_ file: OpenFile, sinkName: String) {
        self.file = file
        sink = DescriptorSink(file.descriptor, name: sinkName)
    }

    /// Keeps what is written.
    ///
    /// - Parameter write: writes to a sink that lets what was reserved be filled in later.
    /// - Returns: where it lies, and what `write` returned.
    /// - Throws: `ToolError` with code `io`; what `write` throws.
    package func keep<Result>(_ write: (any ArchiveSink) throws -> Result) throws -> (FileRange, Result) {
        let start = sink.size
        let result = try write(sink)
        return (FileRange(file: file, offset: start, size: sink.size - start), result)
    }
}
