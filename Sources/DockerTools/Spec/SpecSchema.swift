package import JSON

/// The JSON Schema of specs.
package enum SpecSchema {
    /// The schema for the specs of all verbs, draft 2020-12. It accepts all valid specs and some invalid ones: it does
    /// not know which keys a verb accepts, and some patterns are looser than the check.
    package static var value: JSONValue {
        var properties: [String: JSONValue] = [:]
        for key in SpecKey.table {
            for name in key.names { properties[name] = property(key, named: name) }
        }
        let aliases: [JSONValue] = SpecKey.table.filter { $0.alias != nil }.map { key in
            ["not": ["required": .array(key.names.map { .string($0) })]]
        }
        return [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "dockertools spec",
            "description": "The spec of an image. Relative paths start from the directory of the spec.",
            "type": "object",
            "properties": .object(properties),
            "additionalProperties": false,
            "anyOf": [["required": ["name"]], ["required": ["imageName"]], ["required": ["fromImage"]]],
            "allOf": .array(aliases),
        ]
    }

    private static func property(_ key: SpecKey, named name: String) -> JSONValue {
        var schema = SpecType.nullable(key.type.wrapped).schema
        var description = key.meaning
        if name == key.alias { description = "Another name of \(key.name). \(description)" }
        description += " For \(key.verbs.map(\.rawValue).joined(separator: ", "))."
        if !key.isImplemented { description += " Not implemented yet." }
        schema["description"] = .string(description)
        if let value = key.defaultValue { schema["default"] = value }
        return .object(schema)
    }
}

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
                SpecType.nullable(field.type.wrapped).schema.merging(["description": .string(field.meaning)]) {
                    first, _ in first
                })
        }
        return ["type": "object", "properties": .object(properties), "additionalProperties": .bool(open)]
    }
}
