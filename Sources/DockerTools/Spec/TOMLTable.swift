import Errors
import JSON

/// A table of a document that is being read. Its origin decides what may be added to it.
final class TOMLTable {
    enum Origin {
        /// A parent of a table that a header names: its own header may follow.
        case implied
        /// A table with its own header, or the document: closed for other headers and for dotted keys from outside.
        case header
        /// A table of a dotted key: open for other dotted keys.
        case dotted
    }

    enum Member {
        case value(JSONValue)
        case table(TOMLTable)
        /// An array of tables: `[[…]]`.
        case tables(TOMLTables)
    }

    private(set) var members: [String: Member] = [:]
    private(set) var origin: Origin

    init(_ origin: Origin) {
        self.origin = origin
    }

    /// The table as a JSON object.
    var value: JSONValue {
        .object(
            members.mapValues { member in
                switch member {
                case .value(let value): value
                case .table(let table): table.value
                case .tables(let tables): .array(tables.elements.map(\.value))
                }
            })
    }

    /// The table that a header `[key]` or `[[key]]` opens below this one; nil if the key is already defined as
    /// something else.
    func open(_ key: [String], asElement: Bool) -> TOMLTable? {
        guard let last = key.last else { return nil }
        var parent = self
        for part in key.dropLast() {
            switch parent.members[part] {
            case nil: parent = parent.add(part, .implied)
            case .table(let table): parent = table
            case .tables(let tables):
                guard let newest = tables.elements.last else { return nil }
                parent = newest
            case .value: return nil
            }
        }
        switch parent.members[last] {
        case nil where !asElement: return parent.add(last, .header)
        case .table(let table) where !asElement && table.origin == .implied:
            table.origin = .header
            return table
        case nil:
            let tables = TOMLTables()
            parent.members[last] = .tables(tables)
            return tables.add()
        case .tables(let tables) where asElement: return tables.add()
        default: return nil
        }
    }

    /// Sets the value of a dotted key.
    ///
    /// - Returns: false if the key is already defined.
    func set(_ key: [String], to value: JSONValue) -> Bool {
        guard let last = key.last else { return false }
        var parent = self
        for part in key.dropLast() {
            switch parent.members[part] {
            case nil: parent = parent.add(part, .dotted)
            case .table(let table) where table.origin == .dotted: parent = table
            default: return false
            }
        }
        guard parent.members[last] == nil else { return false }
        parent.members[last] = .value(value)
        return true
    }

    private func add(_ name: String, _ origin: Origin) -> TOMLTable {
        let table = TOMLTable(origin)
        members[name] = .table(table)
        return table
    }
}

/// The tables of an array. Adding one takes the same time for any number of them.
final class TOMLTables {
    private(set) var elements: [TOMLTable] = []

    /// Adds a table to the end.
    func add() -> TOMLTable {
        let table = TOMLTable(.header)
        elements.append(table)
        return table
    }
}

extension JSONValue {
    /// Reads a TOML document as an equivalent JSON value.
    ///
    /// - Parameter source: the name of the document, for the error: `the spec 'hello.toml'`.
    /// - Throws: `ToolError` with code `data`, line and column for an invalid document.
    init(parsingTOML bytes: [UInt8], source: String) throws {
        do {
            var parser = TOMLParser(bytes)
            self = try parser.parse()
        } catch {
            throw ToolError(
                .data, "cannot read \(source)", cause: "it is not valid TOML: \(error.position): \(error.reason)",
                remedy: "correct the file; https://toml.io/en/v1.0.0 has the syntax")
        }
    }
}
