import Archives

/// The type of a key's value. From it come the check of a spec, the reading of `--set` and the JSON Schema.
indirect enum SpecType: Sendable {
    /// Any text without a NUL.
    case string
    /// A string of a grammar.
    case pattern(SpecPattern)
    case choice([String])
    case bool
    case integer(ClosedRange<Int64>)
    /// A list of strings that is a command line.
    case command
    case list(SpecType)
    /// An object whose names are data: each of the grammar, if there is one.
    case map(keys: SpecPattern?, values: SpecType)
    /// An object of known fields; an unknown one is an error, or a warning where the object is open.
    case record([SpecField], open: Bool)
    case anyObject
    /// One of some types that differ in their JSON kind.
    case either([SpecType])
    case nullable(SpecType)

    /// What the type takes, in words for a person.
    var expected: String {
        switch self {
        case .string: "a string"
        case .pattern(let pattern): pattern.expected
        case .choice(let names): "one of " + names.map { "\"\($0)\"" }.joined(separator: ", ")
        case .bool: "true or false"
        case .integer(let range): Self.words(for: range)
        case .command, .list(.string): "a list of strings"
        case .list(let element): "a list, each item \(element.expected)"
        case .map, .record, .anyObject: "an object"
        case .either(let types): types.map(\.expected).joined(separator: ", or ")
        case .nullable(let type): "\(type.expected), or null"
        }
    }

    private static func words(for range: ClosedRange<Int64>) -> String {
        switch (range.lowerBound, range.upperBound) {
        case (.min, .max): "an integer"
        case (_, .max): "an integer of \(range.lowerBound) or more"
        default: "an integer from \(range.lowerBound) to \(range.upperBound)"
        }
    }

    /// Whether null may stand for the key's absence.
    var isNullable: Bool {
        guard case .nullable = self else { return false }
        return true
    }

    /// The type of a value that is not null.
    var wrapped: SpecType {
        guard case .nullable(let type) = self else { return self }
        return type
    }

    /// The object among the type's forms, if there is one: what a dotted path goes into.
    var objectForm: SpecType? {
        switch self {
        case .map, .record, .anyObject: self
        case .nullable(let type): type.objectForm
        case .either(let types): types.lazy.compactMap(\.objectForm).first
        default: nil
        }
    }
}

/// A known member of an object.
struct SpecField: Sendable {
    var name: String
    var type: SpecType
    /// One line.
    var meaning: String

    init(_ name: String, _ type: SpecType, _ meaning: String) {
        self.name = name
        self.type = type
        self.meaning = meaning
    }
}
