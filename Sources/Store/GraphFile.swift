import Errors
import Glibc
import JSON
package import SystemPackage

/// A file that lists store paths with their references, in any of the formats that Nix writes.
///
/// The format is detected from the content: JSON (see `JSONGraph`) begins with a bracket, a registration (see
/// `Registration`) with a store path. An empty file is an empty registration. A directory is that of `closureInfo`.
package struct GraphFile: ReferenceSource {
    /// The largest size of a graph in bytes.
    ///
    /// The whole graph is in memory while it is parsed. The largest closure, 65,536 paths, takes 100 MB in the longest
    /// format with 20 references each.
    package static let sizeLimit = 256 * 1024 * 1024

    /// The paths of the file.
    package let closure: Closure

    /// Reads and parses a graph file.
    ///
    /// - Parameters:
    ///   - file: a file, a pipe, or a directory with a file `registration`.
    ///   - storeDir: the store directory of all paths.
    /// - Throws: `ToolError` with code `data` and the position in the file if the file is missing, longer than
    ///   `sizeLimit`, in no known format, or lists anything but store paths with their references; with code `io` if it
    ///   cannot be read.
    package static func read(_ file: FilePath, storeDir: String) throws -> GraphFile {
        let file = try registration(in: file) ?? file
        return try parse(try bytes(of: file), source: "the graph file '\(file)'", storeDir: storeDir)
    }

    /// The file with the references in a directory of `closureInfo`; nil if the path is no directory.
    private static func registration(in directory: FilePath) throws -> FilePath? {
        var status = stat()
        let isKnown = directory.withPlatformString { stat($0, &status) } == 0
        guard isKnown, status.st_mode & S_IFMT == S_IFDIR else { return nil }
        let file = directory.appending("registration")
        guard access(file.string, F_OK) == 0 else {
            throw ToolError(
                .data, "cannot read the graph of the directory '\(directory)'",
                cause: "it has no file 'registration', as the output of closureInfo does",
                remedy: "name a graph file or the output of closureInfo")
        }
        return file
    }

    private static func parse(_ bytes: [UInt8], source: String, storeDir: String) throws -> GraphFile {
        let nodes: [Closure.Node]
        switch bytes.first(where: { !isBlank($0) }) {
        case nil:
            nodes = []
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let json = try JSONValue(parsing: bytes, source: source, limit: sizeLimit)
            nodes = try JSONGraph(source: source, storeDir: storeDir).nodes(of: json)
        default:
            nodes = try Registration(source: source, storeDir: storeDir).nodes(of: bytes)
        }
        return GraphFile(closure: try Closure(nodes, source: source))
    }

    /// The part of the file's closure that the roots refer to, and the roots.
    ///
    /// - Throws: `ToolError` with code `data` if the file does not list a root.
    package func closure(of roots: [StorePath]) throws -> Closure {
        try closure.reachable(from: roots)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (UInt8(ascii: "\t")...UInt8(ascii: "\r")).contains(byte)
    }

    private static func bytes(of file: FilePath) throws -> [UInt8] {
        do {
            let descriptor = try FileDescriptor.open(file, .readOnly, options: .closeOnExec)
            return try descriptor.closeAfter {
                var bytes: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 256 * 1024)
                while true {
                    let count = try buffer.withUnsafeMutableBytes { try descriptor.read(into: $0) }
                    if count == 0 { return bytes }
                    bytes += buffer[..<count]
                    guard bytes.count <= sizeLimit else {
                        throw ToolError(
                            .data, "cannot read the graph file '\(file)'",
                            cause: "it has more than the limit of \(sizeLimit) bytes",
                            remedy: "check that this is the intended file")
                    }
                }
            }
        } catch Errno.noSuchFileOrDirectory {
            throw ToolError(
                .data, "cannot read the graph file '\(file)'", cause: "there is no such file",
                remedy: "correct the path, or remove the key `closure` from the spec")
        } catch let error as Errno {
            throw ToolError.io("cannot read the graph file '\(file)'", error)
        }
    }
}

/// A position in a graph, for errors.
struct GraphPosition {
    /// The name of the graph: `the graph file 'closure.json'`.
    let source: String
    /// The position in the graph: `line 7`, `graph[3].references`.
    let place: String

    /// The error for an unexpected value.
    ///
    /// - Parameter found: the value in quotes, or a description of it.
    func error(found: String, expected: String) -> ToolError {
        ToolError(
            .data, "cannot use \(source)", cause: "\(place): found \(found), expected \(expected)",
            remedy: "make the graph with `nix path-info --json --recursive`, exportReferencesGraph, closureInfo or "
                + "`nix-store --dump-db`")
    }

    /// A value in quotes, truncated to 300 characters.
    static func quote(_ text: some StringProtocol) -> String {
        let limit = 300
        return text.utf8.count <= limit ? "'\(text)'" : "'\(text.prefix(limit))…'"
    }
}
