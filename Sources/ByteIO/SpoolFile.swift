import CLinux
import Errors
package import SystemPackage

/// The directory for unnamed temporary files: for data that must be on disk to be read in any order. The system deletes
/// such a file when it is closed, even if the program crashes.
package struct SpoolDirectory: Sendable {
    private let path: FilePath

    /// Uses a directory, which must exist when the first file is created.
    ///
    /// - Parameter path: an absolute path, usually `$TMPDIR`.
    package init(_ path: FilePath) {
        self.path = path
    }

    /// Creates an empty file.
    ///
    /// - Parameter name: the contents, for errors.
    /// - Throws: `ToolError` with code `io` if the file cannot be created.
    package func makeFile(_ name: String) throws -> SpoolFile {
        SpoolFile(try openFile(name), sinkName: "a work file in \(path)")
    }

    /// Creates an empty file that is written through its descriptor.
    ///
    /// - Parameter name: the contents, for errors.
    /// - Throws: `ToolError` with code `io` if the file cannot be created.
    package func openFile(_ name: String) throws -> OpenFile {
        let descriptor = path.withPlatformString { clinux_open_nameless($0) }
        guard descriptor >= 0 else {
            throw ToolError.io(
                "cannot make a work file in \(path)", remedy: "set TMPDIR to a directory that can be written to")
        }
        return OpenFile(nameless: descriptor, name: name)
    }
}

/// An unnamed temporary file: data is appended to it and can be read in any order.
package final class SpoolFile {
    private let file: OpenFile
    private let sink: DescriptorSink

    init(_ file: OpenFile, sinkName: String) {
        self.file = file
        sink = DescriptorSink(file.descriptor, name: sinkName)
    }

    /// Appends data.
    ///
    /// - Parameter write: writes the data to a sink with backpatching.
    /// - Returns: the range of the data, and the result of `write`.
    /// - Throws: `ToolError` with code `io` if the file cannot be written; errors of `write`.
    package func keep<Result>(_ write: (any ArchiveSink) throws -> Result) throws -> (FileRange, Result) {
        let start = sink.size
        let result = try write(sink)
        return (FileRange(file: file, offset: start, size: sink.size - start), result)
    }
}
