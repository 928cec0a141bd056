import Archives

extension ImageSpec {
    /// What becomes the archive's `buildArgs.json`.
    static func buildArgs(
        _ members: [String: JSONValue], contents: [ContentPath], config: JSONValue, storeDir: String
    ) -> JSONValue {
        var args: [String: JSONValue] = [:]
        for (name, value) in members where value != .null {
            guard let key = SpecKey.named(name), !Self.ofTheMachine.contains(key.name) else { continue }
            args[key.name] =
                switch key.name {
                case "contents": .array(contents.map { .string($0.logicalPath ?? $0.written) })
                case "config": config
                case "storeDir": .string(storeDir)
                case "created", "mtime": value.inUTC
                default: value
                }
        }
        return .object(args)
    }

    /// What differs from machine to machine while the image stays the same.
    private static let ofTheMachine: Set = ["closure", "storeRoot", "compressor"]
}

extension JSONValue {
    /// The value without the nulls of its objects: there, null stands for absence.
    var withoutNulls: JSONValue {
        switch self {
        case .object(let members): .object(members.filter { $0.value != .null }.mapValues(\.withoutNulls))
        case .array(let elements): .array(elements.map(\.withoutNulls))
        default: self
        }
    }

    /// A time in its one spelling; "now" is itself.
    fileprivate var inUTC: JSONValue {
        string.flatMap { Timestamp($0) }.map { .string($0.description) } ?? self
    }
}
