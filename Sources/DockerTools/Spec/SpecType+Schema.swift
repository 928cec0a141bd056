import Archives

extension SpecType {
    /// The type as JSON Schema, draft 2020-12.
    var schema: [String: JSONValue] {
        switch self {
        case .string: ["type": "string"]
        case .pattern(let pattern): ["type": "string", "pattern": .string(pattern.expression)]
        case .choice(let names): ["type": "string", "enum": .array(names.map { .string($0) })]
        case .bool: ["type": "boolean"]
        case .integer(let range): Self.schema(of: range)
        case .command: ["type": "array", "items": ["type": "string"]]
        case .list(let element): ["type": "array", "items": .object(element.schema)]
        case .map(let keys, let values):
            ["type": "object", "additionalProperties": .object(values.schema)].merging(
                keys.map { ["propertyNames": ["pattern": .string($0.expression)]] } ?? [:],
                uniquingKeysWith: { first, _ in first })
        case .record(let fields, let open): Self.schema(of: fields, open: open)
        case .anyObject: ["type": "object"]
        case .either(let types): ["anyOf": .array(types.map { .object($0.schema) })]
        case .nullable(let type): ["anyOf": [.object(type.schema), ["type": "null"]]]
        }
    }

    private static func schema(of range: ClosedRange<Int64>) -> [String: JSONValue] {
        var schema: [String: JSONValue] = ["type": "integer"]
        if range.lowerBound > .min { schema["minimum"] = .int(range.lowerBound) }
        if range.upperBound < .max { schema["maximum"] = .int(range.upperBound) }
        return schema
    }

    private static func schema(of fields: [SpecField], open: Bool) -> [String: JSONValue] {
        var properties: [String: JSONValue] = [:]
        for field in fields {
            properties[field.name] = .object(
                field.type.schema.merging(["description": .string(field.meaning)]) { first, _ in first })
        }
        return ["type": "object", "properties": .object(properties), "additionalProperties": .bool(open)]
    }
}
