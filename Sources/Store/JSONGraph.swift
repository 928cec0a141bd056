import Errors
import JSON

/// The forms of a graph in JSON.
///
/// - a list of `{path, references, narSize}`: what exportReferencesGraph and older versions of `nix path-info --json`
///   write. All lists of that kind that are members of an object are united, in the order of their keys: so the file of
///   a derivation's structured attributes will do as it is.
/// - an object with a member `{references, narSize}` for each path: `nix path-info --json` since Nix 2.19.
/// - an object whose member `info` is such an object, with paths without their store directory: format 2 of the same.
///
/// Objects have no order; their members are taken in the order of their keys' bytes, in which Nix writes them.
struct JSONGraph {
    /// What is read, for errors: `the graph file 'closure.json'`.
    let source: String
    let storeDir: String

    /// - Throws: `ToolError` with code `data` that names the place.
    func nodes(of json: JSONValue) throws -> [Closure.Node] {
        if let list = json.array { return try nodes(list, at: "") }
        guard let members = json.object else { throw fault(at: "", json.kind, Self.expectation) }
        if let info = members["info"], info.object != nil || info == .null { return try nodes(format2: members) }
        let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        if sorted.contains(where: { $0.key.hasPrefix("/") }) {
            return try sorted.map { key, value in
                let place = "[\"\(key)\"]"
                return try node(try storePath(.string(key), at: place), value, at: place)
            }
        }
        let graphs = sorted.filter { Self.looksLikeGraph($0.value) }
        guard !graphs.isEmpty else { throw fault(at: "", "an object without any of these", Self.expectation) }
        return try graphs.flatMap { try nodes($0.value.array ?? [], at: $0.key) }
    }

    private static let expectation = "a list of {path, references}, an object with such a list, or an object of paths"

    /// A list of objects that have a path or references; the rest of it is checked strictly then.
    private static func looksLikeGraph(_ value: JSONValue) -> Bool {
        guard let list = value.array else { return false }
        guard let first = list.first else { return true }
        return first["path"] != nil || first["references"] != nil
    }

    private func nodes(_ list: [JSONValue], at place: String) throws -> [Closure.Node] {
        try list.enumerated().map { index, value in
            let place = "\(place)[\(index)]"
            guard value.object != nil else { throw fault(at: place, value.kind, "an object {path, references}") }
            return try node(try storePath(value["path"], at: "\(place).path"), value, at: place)
        }
    }

    private func nodes(format2 members: [String: JSONValue]) throws -> [Closure.Node] {
        guard let info = members["info"]?.object else {
            throw fault(at: "info", members["info"]?.kind ?? "nothing", "an object of paths")
        }
        if let other = members["storeDir"], other.string != storeDir {
            throw fault(at: "storeDir", other.string.map { GraphFault.quote($0) } ?? other.kind, "'\(storeDir)'")
        }
        return try info.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { key, value in
            let place = "info[\"\(key)\"]"
            return try node(try storePath(.string(key), at: place), value, at: place)
        }
    }

    private func node(_ path: StorePath, _ value: JSONValue, at place: String) throws -> Closure.Node {
        guard value.object != nil, value["valid"]?.bool != false else {
            // So Nix writes a path that it was asked for and does not have.
            let found = value.object == nil ? value.kind : "a path that is not valid"
            throw fault(at: place, found, "the references of '\(path)'")
        }
        guard let references = value["references"]?.array else {
            throw fault(
                at: "\(place).references", value["references"]?.kind ?? "nothing", "the list of references of '\(path)'"
            )
        }
        return Closure.Node(
            path: path,
            references: try references.enumerated().map { index, reference in
                try storePath(reference, at: "\(place).references[\(index)]")
            },
            narSize: try narSize(value["narSize"], at: "\(place).narSize"))
    }

    private func narSize(_ value: JSONValue?, at place: String) throws -> UInt64? {
        guard let value, value != .null else { return nil }
        guard let size = value.int.flatMap(UInt64.init(exactly:)) else {
            let found = value.int.map(String.init) ?? value.kind
            throw fault(at: place, found, "a size in bytes")
        }
        return size
    }

    /// A path of the store, whole or (in format 2) without its directory.
    private func storePath(_ value: JSONValue?, at place: String) throws -> StorePath {
        let expected = "a store path of the store \(storeDir)"
        guard let text = value?.string else { throw fault(at: place, value?.kind ?? "nothing", expected) }
        let path =
            text.utf8.contains(UInt8(ascii: "/"))
            ? StorePath(text, storeDir: storeDir) : StorePath(baseName: text, storeDir: storeDir)
        guard let path else { throw fault(at: place, GraphFault.quote(text), expected) }
        return path
    }

    private func fault(at place: String, _ found: String, _ expected: String) -> ToolError {
        GraphFault(source: source, place: place.isEmpty ? "the whole text" : place)
            .failure(found: found, expected: expected)
    }
}
