/// A name that an image has in an archive or a registry: `NAME:TAG`.
package struct ImageName: Hashable, Sendable {
    /// The repository, a registry before it where there is one; nil in an OCI layout that has but tags.
    package var name: String?
    package var tag: String?

    package init(name: String?, tag: String?) {
        self.name = name
        self.tag = tag
    }

    /// - Parameter text: `NAME:TAG`, or `NAME`. The tag is behind the last colon, unless a slash comes after that: then it
    ///   is a registry's port.
    package init(_ text: String) {
        if let colon = text.lastIndex(of: ":"), !text[colon...].contains("/") {
            self.init(name: String(text[..<colon]), tag: String(text[text.index(after: colon)...]))
        } else {
            self.init(name: text, tag: nil)
        }
    }
}

extension ImageName {
    /// The tag of an image that is given none: the first 160 bits of its ID in Nix's base 32. It changes only when the image
    /// does.
    package static func tag(of imageID: Digest) -> String {
        NixBase32.encode(Array(imageID.bytes.prefix(20)))
    }
}

extension ImageName {
    /// Whether there are both a name and a tag, without which Docker takes none.
    package var isComplete: Bool { name != nil && tag != nil }

    /// With its registry: `redis` is `docker.io/library/redis`. What is before the first slash is a registry if it has a dot
    /// or a colon, or is `localhost`.
    ///
    /// Source: `splitDockerDomain` in distribution/reference.
    package var full: ImageName {
        guard let name else { return self }
        var (registry, rest) = ("docker.io", name)
        if let slash = name.firstIndex(of: "/") {
            let first = name[..<slash]
            if first.contains(where: { $0 == "." || $0 == ":" }) || first == "localhost" {
                (registry, rest) = (String(first), String(name[name.index(after: slash)...]))
            }
        }
        if registry == "index.docker.io" { registry = "docker.io" }
        if registry == "docker.io", !rest.contains("/") { rest = "library/" + rest }
        return ImageName(name: "\(registry)/\(rest)", tag: tag)
    }

    /// As Docker shortens it: `docker.io/library/redis` is `redis` there.
    package var familiar: ImageName {
        guard var rest = name.map({ Substring($0) }) else { return self }
        for prefix in ["index.docker.io/", "docker.io/"] where rest.hasPrefix(prefix) {
            rest = rest.dropFirst(prefix.count)
            if rest.hasPrefix("library/") { rest = rest.dropFirst("library/".count) }
            break
        }
        return ImageName(name: String(rest), tag: tag)
    }
}

extension ImageName: CustomStringConvertible {
    /// `NAME:TAG`, or the one of them that there is.
    package var description: String { [name, tag].compactMap { $0 }.joined(separator: ":") }
}

/// The grammar of image names and tags.
///
/// Source: `reference/regexp.go` of distribution/reference, which every registry and loader follows.
package enum ReferenceName {
    /// A registry's host and port, then components of lower-case letters and digits with separators between them.
    /// Upper case is taken too, for names are lower-cased.
    package static let expression: String = {
        let host =
            "([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
            + "|\\[[A-Fa-f0-9:]+\\])(:[0-9]+)?"
        let component = "[A-Za-z0-9]+(([._]|__|-+)[A-Za-z0-9]+)*"
        return "^(\(host)/)?\(component)(/\(component))*$"
    }()

    /// ASCII letters alone are lower-cased, as Nix's `toLower` does.
    package static func lowercased(_ name: String) -> String {
        String(decoding: name.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
    }

    package static func isTag(_ tag: String) -> Bool {
        guard (1...128).contains(tag.utf8.count), let first = tag.utf8.first else { return false }
        return (isAlphanumeric(first) || first == UInt8(ascii: "_"))
            && tag.utf8.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
    }

    package static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    package static func isHexDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...102).contains(byte) }

    /// A name or an address, with or without a port.
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

    /// `[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*`, the name being in lower case already.
    package static func isComponent(_ component: Substring) -> Bool {
        guard let first = component.utf8.first, let last = component.utf8.last, isAlphanumeric(first),
            isAlphanumeric(last)
        else { return false }
        return component.utf8.split(whereSeparator: isAlphanumeric).allSatisfy { separator in
            [".", "_", "__"].contains(Substring(separator)) || separator.allSatisfy { $0 == UInt8(ascii: "-") }
        }
    }
}
