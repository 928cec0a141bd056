import Archives
import Failures

extension JSONValue {
    /// Reads a TOML document as the JSON value that says the same.
    ///
    /// - Parameter source: what is read, for the error: `the spec 'hello.toml'`.
    /// - Throws: `Failure` with code `data` if the bytes are no TOML, with line and column.
    init(parsingTOML bytes: [UInt8], source: String) throws {
        do {
            var parser = TOMLParser(bytes)
            self = try parser.parse()
        } catch {
            throw Failure(
                .data, "cannot read \(source)", why: "it is no valid TOML: \(error.position): \(error.reason)",
                advice: "correct the file; https://toml.io/en/v1.0.0 has the syntax")
        }
    }
}
