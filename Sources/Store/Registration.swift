import Errors
import OCI

/// The text formats of Nix's path registrations: the output of `nix-store --dump-db`, `registration` of `closureInfo`, and
/// the file of `exportReferencesGraph`, which lacks hashes and sizes.
///
/// Each path has these lines: the path, the hash of its NAR, the NAR's size in bytes, the deriver (may be empty), the
/// number of references, and each reference. Source: `makeValidityRegistration` in Nix's `libstore/store-api.cc`.
struct Registration {
    /// The name of the text in errors: `the graph file 'registration'`.
    let source: String
    let storeDir: String

    /// The nodes of a registration.
    ///
    /// - Throws: `ToolError` with code `data` and the line of an invalid value.
    func nodes(of bytes: [UInt8]) throws -> [Closure.Node] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        var reader = Reader(registration: self, lines: lines, hasHashes: hasHashes(lines))
        var nodes: [Closure.Node] = []
        while !reader.isAtEnd { nodes.append(try reader.node()) }
        return nodes
    }

    /// Whether a hash and a size follow each path, instead of the deriver: an empty line, or a store path.
    private func hasHashes(_ lines: [ArraySlice<UInt8>]) -> Bool {
        guard lines.count > 1 else { return true }
        return !lines[1].isEmpty && StorePath(String(decoding: lines[1], as: UTF8.self), storeDir: storeDir) == nil
    }

    /// Reads the lines in order.
    private struct Reader {
        let registration: Registration
        let lines: [ArraySlice<UInt8>]
        let hasHashes: Bool
        let paths = StorePathTable()
        var next = 0

        var isAtEnd: Bool { next == lines.count }

        mutating func node() throws -> Closure.Node {
            let path = try storePath("a store path")
            var (size, hash): (UInt64?, Digest?)
            if hasHashes {
                hash = PinnedHash(try line("the hash of the NAR of '\(path)'"))?.digest
                size = try number(UInt64.self, "the size of the NAR of '\(path)' in bytes")
            }
            _ = try line("the deriver of '\(path)', or an empty line")
            let count = try number(Int.self, "the number of references of '\(path)'")
            var references: [StorePath] = []
            for reference in 0..<max(0, count) {
                references.append(try storePath("reference \(reference + 1) of the \(count) of '\(path)'"))
            }
            return Closure.Node(path: path, references: references, narSize: size, narHash: hash)
        }

        private mutating func line(_ expected: String) throws -> String {
            guard !isAtEnd else { throw error("the end of the text", expected) }
            defer { next += 1 }
            return String(decoding: lines[next], as: UTF8.self)
        }

        private mutating func storePath(_ expected: String) throws -> StorePath {
            let text = try line(expected)
            guard let path = paths.path(text, { StorePath($0, storeDir: registration.storeDir) }) else {
                next -= 1
                throw error(GraphPosition.quote(text), "\(expected), of the store \(registration.storeDir)")
            }
            return path
        }

        private mutating func number<Number: FixedWidthInteger>(
            _ type: Number.Type, _ expected: String
        ) throws -> Number {
            let text = try line(expected)
            guard let number = Number(text), number >= 0 else {
                next -= 1
                throw error(GraphPosition.quote(text), expected)
            }
            return number
        }

        private func error(_ found: String, _ expected: String) -> ToolError {
            GraphPosition(source: registration.source, place: "line \(next + 1)")
                .error(found: found, expected: expected)
        }
    }
}
