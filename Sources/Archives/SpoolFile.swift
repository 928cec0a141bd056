import Tar

/// A file without a name that bytes are put behind one another in, to be read in any order.
public final class SpoolFile {
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
    /// - Throws: `Failure` with code `io`; what `write` throws.
    public func keep<Result>(_ write: (any ArchiveSink) throws -> Result) throws -> (FileRange, Result) {
        let start = sink.size
        let result = try write(sink)
        return (FileRange(file: file, offset: start, size: sink.size - start), result)
    }
}
