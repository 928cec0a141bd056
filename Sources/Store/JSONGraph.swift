import Errors
import JSON
import OCI

/// The JSON formats of a graph.
///
/// - A list of `{path, references, narSize, narHash}`, as exportReferencesGraph and older versions of `nix path-info --json`
///   write it. The lists in the members of an object are united in the order of their keys, so that the file of a
///   derivation's structured attributes can be used unchanged.
/// - An object with a member `{references, narSize}` for each path: `nix path-info --json` since Nix 2.19.
/// - An object whose member `info` is such an object, with paths without their store directory: its format 2.
///
/// Members of objects are read in the order of their keys' bytes, the order in which Nix writes them.
struct JSONGraph {
    /// The name of the graph in errors: `the graph file 'closure.json'`.
    let source: String
    let storeDir: String
    private let paths = StorePathTable()

    init(source: String, storeDir: String) {
        (self.source, self.storeDir) = (source, storeDir)
    }

    /// The nodes of a graph in any of the formats.
    ///
    /// - Throws: `ToolError` with code `data` and the position of an invalid value.
    func nodes(of json: JSONValue) throws -> [Closure.Node] {
        if let list = json.array { return try nodes(list, at: "") }
        guard let members = json.object else { throw error(at: "", json.kind, Self.expectation) }
        if let info = members["info"], info.object != nil || info == .null { return try nodes(format2: members) }
        let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        if sorted.contains(where: { $0.key.hasPrefix("/") }) {
            return try sorted.map { key, value in
                let place = "[\"\(key)\"]"
                return try node(try storePath(.string(key), at: place), value, at: place)
            }
        }
        let graphs = sorted.filter { Self.looksLikeGraph($0.value) }
        guard !graphs.isEmpty else { throw error(at: "", "an object without any of these", Self.expectation) }
        return try graphs.flatMap { try nodes($0.value.array ?? [], at: $0.key) }
    }

    private static let expectation = "a list of {path, references}, an object with such a list, or an object of paths"

    /// True for a list whose first element has a path or references. Such a list is then parsed strictly.
    private static func looksLikeGraph(_ value: JSONValue) -> Bool {
        guard let list = value.array else { return false }
        guard let first = list.first else { return true }
        return first["path"] != nil || first["references"] != nil
    }

    private func nodes(_ list: [JSONValue], at place: String) throws -> [Closure.Node] {
        try list.enumerated().map { index, value in
            let place = "\(place)[\(index)]"
            guard value.object != nil else { throw error(at: place, value.kind, "an object {path, references}") }
            return try node(try storePath(value["path"], at: "\(place).path"), value, at: place)
        }
    }

    private func nodes(format2 members: [String: JSONValue]) throws -> [Closure.Node] {
        guard let info = members["info"]?.object else {
            throw error(at: "info", members["info"]?.kind ?? "nothing", "an object of paths")
        }
        if let other = members["storeDir"], other.string != storeDir {
            throw error(at: "storeDir", other.string.map { GraphPosition.quote($0) } ?? other.kind, "'\(storeDir)'")
        }
        return try info.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { key, value in
            let place = "info[\"\(key)\"]"
            return try node(try storePath(.string(key), at: place), value, at: place)
        }
    }

    private func node(_ path: StorePath, _ value: JSONValue, at place: String) throws -> Closure.Node {
        guard value.object != nil, value["valid"]?.bool != false else {
            // Nix writes this for a path that it does not have.
            let found = value.object == nil ? value.kind : "a path that is not valid"
            throw error(at: place, found, "the references of '\(path)'")
        }
        guard let references = value["references"]?.array else {
            throw error(
                at: "\(place).references", value["references"]?.kind ?? "nothing", "the list of references of '\(path)'"
            )
        }
        return Closure.Node(
            path: path,
            references: try references.enumerated().map { index, reference in
                try storePath(reference, at: "\(place).references[\(index)]")
            },
            narSize: try narSize(value["narSize"], at: "\(place).narSize"), narHash: Self.narHash(value["narHash"]))
    }

    /// The hash of a NAR; nil if there is none, or it is not a SHA-256: nothing fails without it.
    ///
    /// Nix writes `sha256:` with base 32 or base 16, or an SRI; since version 2.32 `{algorithm, format, hash}`.
    private static func narHash(_ value: JSONValue?) -> Digest? {
        guard let parts = value?.object else { return value?.string.flatMap { PinnedHash($0) }?.digest }
        guard parts["algorithm"]?.string == "sha256" else { return nil }
        return parts["hash"]?.string.flatMap { PinnedHash($0) }?.digest
    }

    private func narSize(_ value: JSONValue?, at place: String) throws -> UInt64? {
        guard let value, value != .null else { return nil }
        guard let size = value.int.flatMap(UInt64.init(exactly:)) else {
            let found = value.int.map(String.init) ?? value.kind
            throw error(at: place, found, "a size in bytes")
        }
        return size
    }

    /// A store path, complete or (in format 2) without its directory.
    private func storePath(_ value: JSONValue?, at place: String) throws -> StorePath {
        let expected = "a store path of the store \(storeDir)"
        guard let text = value?.string else { throw error(at: place, value?.kind ?? "nothing", expected) }
        let path = paths.path(text) { text in
            text.utf8.contains(UInt8(ascii: "/"))
                ? StorePath(text, storeDir: storeDir) : StorePath(baseName: text, storeDir: storeDir)
        }
        guard let path else { throw error(at: place, GraphPosition.quote(text), expected) }
        return path
    }

    private func error(at place: String, _ found: String, _ expected: String) -> ToolError {
        GraphPosition(source: source, place: place.isEmpty ? "the whole text" : place)
            .error(found: found, expected: expected)
    }
}
