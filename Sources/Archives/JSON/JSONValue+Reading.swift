import Failures
import Foundation

extension JSONValue {
    /// Reads one JSON text.
    ///
    /// - Parameters:
    ///   - bytes: the text, in UTF-8.
    ///   - source: what is read, for the error: `the graph 'closure.json'`.
    ///   - limit: the most bytes that are read.
    /// - Throws: `Failure` with code `data` if the text is too long, nested too deep, or no JSON.
    public init(parsing bytes: [UInt8], source: String, limit: Int) throws {
        guard bytes.count <= limit else {
            throw Failure(
                .data, "cannot read \(source)", why: "it has \(bytes.count) bytes, more than the limit of \(limit)",
                advice: "check that this is the file you meant")
        }
        do {
            self = try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
        } catch {
            throw Failure(
                .data, "cannot read \(source)", why: "it is no valid JSON: \(Self.reason(error))",
                advice: "correct the file; `python3 -m json.tool` shows where a JSON text breaks")
        }
    }

    private static func reason(_ error: any Error) -> String {
        guard case DecodingError.dataCorrupted(let context) = error else { return "\(error)" }
        if let underlying = context.underlyingError as? NSError,
            let words = underlying.userInfo[NSDebugDescriptionErrorKey] as? String
        {
            return words
        }
        return context.debugDescription
    }
}

extension JSONValue: Decodable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([String: JSONValue].self) {
            self = .object(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .int(value)
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .double(value)
        } else if container.decodeNil() {
            self = .null
        } else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a value of no JSON type")
        }
    }
}
