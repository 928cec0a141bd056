import Archives

/// The JSON Schema of specs.
public enum SpecSchema {
    /// One schema for the specs of all verbs, draft 2020-12. It is a little looser than the check of a spec is: which
    /// keys a verb takes, and what lies behind a string's grammar, the check alone knows.
    public static var value: JSONValue {
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
            "description": "What an image is made of. Relative paths are relative to the spec's folder.",
            "type": "object",
            "properties": .object(properties),
            "additionalProperties": false,
            "anyOf": [["required": ["name"]], ["required": ["imageName"]], ["required": ["fromImage"]]],
            "allOf": .array(aliases),
        ]
    }

    private static func property(_ key: SpecKey, named name: String) -> JSONValue {
        var schema = key.type.schema
        var description = key.meaning
        if name == key.alias { description = "Another name of \(key.name). \(description)" }
        description += " For \(key.verbs.map(\.rawValue).joined(separator: ", "))."
        if !key.isBuilt { description += " Not built yet." }
        schema["description"] = .string(description)
        if let value = key.defaultValue { schema["default"] = value }
        return .object(schema)
    }
}
