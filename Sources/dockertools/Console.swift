import Failures
import Glibc

/// The two streams that the program writes to.
enum Console {
    /// Writes a result to standard output.
    ///
    /// - Throws: `Failure` with code `io` if it is closed or full.
    static func write(_ text: String) throws {
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure.io("cannot write to standard output")
            }
            done += count
        }
    }

    /// Writes to standard error.
    static func tell(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
