import Failures

extension JSONValue {
    /// Reads one JSON text, as strictly as `JSONParser` does.
    ///
    /// - Parameters:
    ///   - bytes: the text, in UTF-8.
    ///   - source: what is read, for the error: `the graph 'closure.json'`.
    ///   - limit: the most bytes that are read.
    /// - Throws: `Failure` with code `data` if the text is too long, nested too deep, or no JSON; it names the line
    ///   and column.
    public init(parsing bytes: [UInt8], source: String, limit: Int) throws {
        self = try JSONParser.reading(bytes, source: source, limit: limit) { parser throws(JSONParser.Fault) in
            try parser.parse()
        }
    }
}

extension JSONParser {
    /// Reads a text, and tells its faults as people are told them.
    ///
    /// - Throws: `Failure` with code `data`.
    static func reading<Value>(
        _ bytes: [UInt8], source: String, limit: Int, _ read: (inout JSONParser) throws(Fault) -> Value
    ) throws -> Value {
        guard bytes.count <= limit else {
            throw Failure(
                .data, "cannot read \(source)", why: "it has \(bytes.count) bytes, more than the limit of \(limit)",
                advice: "check that this is the file you meant")
        }
        do {
            var parser = JSONParser(bytes)
            return try read(&parser)
        } catch {
            throw Failure(
                .data, "cannot read \(source)",
                why: "it is no valid JSON: \(error.position): \(error.reason)",
                advice: "correct the file; `python3 -m json.tool` shows where a JSON text breaks")
        }
    }
}
