import Errors
import JSON

/// A JSON document that this program writes into an image: a config, a manifest or an index.
///
/// Nothing may be written that this program, and readers with the same limits, refuse to read again.
package enum WrittenDocument {
    /// The maximum size of a config, a manifest or an index: 4 MiB, the limit that registries have for manifests.
    package static let limit = 4 << 20

    /// Checks that a document can be read again.
    ///
    /// - Parameters:
    ///   - bytes: the document.
    ///   - name: the document's name in errors: `the config of the image`.
    /// - Throws: `ToolError` with code `data` if it is too large, or a string in it is too long.
    package static func check(_ bytes: [UInt8], _ name: String) throws {
        do {
            _ = try JSONValue(parsing: bytes, source: name, limit: limit)
        } catch let error as ToolError {
            throw ToolError(
                .data, "cannot write \(name)", cause: "readers refuse it: \(error.cause)",
                remedy: "use shorter labels, variables and other texts, or fewer names and images")
        }
    }
}
