import Archives

/// The grammar of image names and tags.
///
/// Source: `reference/regexp.go` of distribution/reference, which every registry and loader follows.
enum ReferenceName {
    static let expected = "an image's name such as \"hello\" or \"registry.example:5000/team/hello\""

    /// A registry's host and port, then components of lower-case letters and digits with separators between them.
    /// Upper case is taken too, for names are lower-cased.
    static let expression: String = {
        let host =
            "([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
            + "|\\[[A-Fa-f0-9:]+\\])(:[0-9]+)?"
        let component = "[A-Za-z0-9]+(([._]|__|-+)[A-Za-z0-9]+)*"
        return "^(\(host)/)?\(component)(/\(component))*$"
    }()

    /// What is wrong with the name of a repository, nil if nothing is.
    static func fault(_ written: String) -> String? {
        let name = lowercased(written)
        if let digest = name.firstIndex(of: "@") {
            return "expected a name without a digest, \(JSONValue.string(String(written[..<digest])).shortened)"
        }
        let last = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
        if let colon = name[last...].firstIndex(of: ":") {
            let tag = String(written[written.index(after: colon)...])
            let fix =
                isTag(tag)
                ? ": write name \(JSONValue.string(String(written[..<colon])).shortened) and tag \"\(tag)\"" : ""
            return "a name holds no tag, the key tag does\(fix)"
        }
        var parts = name.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count > 1, parts[0] == "localhost" || parts[0].contains(where: { $0 == "." || $0 == ":" }) {
            guard isHost(parts.removeFirst()) else { return "expected \(expected)" }
        }
        guard name.utf8.count <= 255, parts.allSatisfy(isComponent) else { return "expected \(expected)" }
        if parts.count == 1, name.utf8.count == 64, name.utf8.allSatisfy(isHexDigit) {
            return "64 hexadecimal digits are an image's ID, expected \(expected)"
        }
        return nil
    }

    /// ASCII letters alone are lower-cased, as Nix's `toLower` does.
    static func lowercased(_ name: String) -> String {
        String(decoding: name.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
    }

    static func isTag(_ tag: String) -> Bool {
        guard (1...128).contains(tag.utf8.count), let first = tag.utf8.first else { return false }
        return (isAlphanumeric(first) || first == UInt8(ascii: "_"))
            && tag.utf8.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...102).contains(byte) }

    private static func isHost(_ host: Substring) -> Bool {
        var name = host
        if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
            let port = host[host.index(after: colon)...]
            guard !port.isEmpty, port.utf8.allSatisfy({ (48...57).contains($0) }) else { return false }
            name = host[..<colon]
        }
        if name.hasPrefix("["), name.hasSuffix("]") {
            let address = name.dropFirst().dropLast()
            return !address.isEmpty && address.utf8.allSatisfy { isHexDigit($0) || $0 == UInt8(ascii: ":") }
        }
        return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    /// `[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*`, the name being in lower case already.
    private static func isComponent(_ component: Substring) -> Bool {
        guard let first = component.utf8.first, let last = component.utf8.last, isAlphanumeric(first),
            isAlphanumeric(last)
        else { return false }
        return component.utf8.split(whereSeparator: isAlphanumeric).allSatisfy { separator in
            [".", "_", "__"].contains(Substring(separator)) || separator.allSatisfy { $0 == UInt8(ascii: "-") }
        }
    }
}
