import Archives
import Failures
import TOMLKit

/// Reads TOML 1.0 as the JSON value that says the same: dates and times become strings as RFC 3339 writes them.
enum TOMLReader {
    /// - Parameter source: what is read, for the error: `the spec 'hello.toml'`.
    /// - Throws: `Failure` with code `data` if the bytes are no TOML (with line and column), or hold a number that
    ///   JSON does not have.
    static func value(of bytes: [UInt8], source: String) throws -> JSONValue {
        if let line = lineOfDeepKey(bytes) {
            throw failure(source, "line \(line): a key has more than \(deepestKey) parts")
        }
        // The parser takes a C string, and would stop at a NUL without a word.
        if let line = line(bytes, at: bytes.firstIndex(of: 0)) {
            throw failure(source, "line \(line): a NUL stands in it")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw failure(source, "it is not UTF-8")
        }
        do {
            let table = try TOMLTable(string: text)
            // Through JSON rather than value by value, since the parser hands out strings as C strings, cut at a NUL.
            let json = table.convert(to: .json, options: [.quoteDateAndTimes, .allowUnicodeStrings])
            return try JSONValue(parsing: Array(json.utf8), source: source, limit: .max)
        } catch let error as TOMLParseError {
            let begin = error.source.begin
            throw failure(source, "line \(begin.line), column \(begin.column): \(error.description)")
        } catch is Failure {
            throw failure(source, "it holds an infinity or NaN, which are no values of a spec")
        }
    }

    private static func failure(_ source: String, _ reason: String) -> Failure {
        Failure(
            .data, "cannot read \(source)", why: "it is no valid TOML: \(reason)",
            advice: "correct the file; https://toml.io/en/v1.0.0 has the syntax")
    }

    /// The most parts of a dotted key. Each is a table in the one before, and tables are walked by recursion.
    private static let deepestKey = 64

    /// The line of a dotted key that is too deep: dots with nothing but keys' letters, quotes and blanks between.
    private static func lineOfDeepKey(_ bytes: [UInt8]) -> Int? {
        var dots = 0
        var isPart = false
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "."):
                dots = isPart ? dots + 1 : 0
                isPart = false
                if dots >= deepestKey { return line(bytes, at: index) }
            case _ where ReferenceName.isAlphanumeric(byte) || "_-\"'".utf8.contains(byte): isPart = true
            case UInt8(ascii: " "), UInt8(ascii: "\t"): break
            default:
                dots = 0
                isPart = false
            }
        }
        return nil
    }

    private static func line(_ bytes: [UInt8], at index: Int?) -> Int? {
        index.map { index in bytes[..<index].count { $0 == UInt8(ascii: "\n") } + 1 }
    }
}
