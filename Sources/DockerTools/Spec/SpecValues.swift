import Archives
import Failures

/// The values of a checked spec by key, defaults filled in.
struct SpecValues {
    private let members: [String: JSONValue]

    init(_ members: [String: JSONValue]) {
        self.members = members
    }

    /// The value that stands in the spec, under whichever of the key's names; nil if none does.
    func given(_ name: String) -> JSONValue? {
        for name in SpecKey.named(name)?.names ?? [name] {
            if let value = members[name], value != .null { return value }
        }
        return nil
    }

    func text(_ name: String) throws -> String { try value(name, "a string", \.string) }

    func textIfAny(_ name: String) -> String? { given(name)?.string }

    func number(_ name: String) throws -> Int64 { try value(name, "an integer", \.wholeNumber) }

    func flag(_ name: String) throws -> Bool { try value(name, "a boolean", \.bool) }

    func choice<Choice: RawRepresentable<String>>(_ name: String, as type: Choice.Type) throws -> Choice {
        try value(name, "a choice") { $0.string.flatMap(Choice.init(rawValue:)) }
    }

    /// The list of paths, a single one counting as a list.
    func paths(_ name: String) -> [String] {
        let value = given(name)
        return value?.strings ?? value?.string.map { [$0] } ?? []
    }

    private func value<Value>(_ name: String, _ kind: String, _ read: (JSONValue) -> Value?) throws -> Value {
        guard let value = (given(name) ?? SpecKey.named(name)?.defaultValue).flatMap(read) else {
            throw Failure(
                .data, "cannot use the spec", why: "its key \(name) is not \(kind)", advice: "correct the key")
        }
        return value
    }
}
