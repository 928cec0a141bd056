import Glibc

/// The serial console, on standard output: for what there is no other way for yet.
enum Console {
    static func write(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = Glibc.write(STDOUT_FILENO, bytes, bytes.count)
    }
}
