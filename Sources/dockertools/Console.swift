import Archives
import Failures
import Glibc

/// The two streams that the program writes to.
enum Console {
    /// Writes a result to standard output.
    ///
    /// - Throws: `Failure` with code `io` if it is closed or full.
    static func write(_ text: String) throws {
        try DescriptorSink(STDOUT_FILENO, name: "standard output").write(Array(text.utf8))
    }

    /// Writes to standard error.
    static func tell(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
