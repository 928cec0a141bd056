/// The grammar of image names and tags.
///
/// Source: `reference/regexp.go` of distribution/reference, which every registry and loader follows.
package enum ReferenceGrammar {
    /// The regular expression of a name in a spec: a registry's host and port, then components of letters and digits
    /// with separators between them. Uppercase letters are accepted, since specs' names are lowercased.
    package static let expression: String = {
        let host =
            "([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
            + "|\\[[A-Fa-f0-9:]+\\])(:[0-9]+)?"
        let component = "[A-Za-z0-9]+(([._]|__|-+)[A-Za-z0-9]+)*"
        return "^(\(host)/)?\(component)(/\(component))*$"
    }()

    /// The name with ASCII letters in lowercase, as Nix's `toLower` does it.
    package static func lowercased(_ name: String) -> String {
        String(decoding: name.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
    }

    /// Whether a text is a tag: 1…128 letters, digits, `_`, `.` and `-`, the first a letter, a digit or `_`.
    package static func isTag(_ tag: String) -> Bool {
        guard (1...128).contains(tag.utf8.count), let first = tag.utf8.first else { return false }
        return (isAlphanumeric(first) || first == UInt8(ascii: "_"))
            && tag.utf8.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
    }

    /// Whether a byte is an ASCII letter or digit.
    package static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    /// Whether a byte is one of 0-9 and a-f.
    package static func isHexDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...102).contains(byte) }

    /// Whether a text is a host name or an IP address, with or without a port.
    package static func isHost(_ host: Substring) -> Bool {
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

    /// Whether a text is a component of a repository's name, `[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*`. Uppercase letters are
    /// accepted: the caller checks for them.
    package static func isComponent(_ component: Substring) -> Bool {
        guard let first = component.utf8.first, let last = component.utf8.last, isAlphanumeric(first),
            isAlphanumeric(last)
        else { return false }
        return component.utf8.split(whereSeparator: isAlphanumeric).allSatisfy { separator in
            [".", "_", "__"].contains(Substring(separator)) || separator.allSatisfy { $0 == UInt8(ascii: "-") }
        }
    }
}
