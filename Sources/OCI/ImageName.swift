/// The name of an image in an archive or a registry: `NAME:TAG`.
///
/// Every text is a name: archives hold names that no registry accepts. `ReferenceGrammar` tells which ones are valid.
public struct ImageName: Hashable, Sendable {
    /// The repository, preceded by its registry if it has one; nil in an OCI layout that has only tags.
    public var name: String?
    /// The tag; nil if there is none.
    public var tag: String?

    /// Creates a name of its two parts.
    public init(name: String?, tag: String?) {
        self.name = name
        self.tag = tag
    }

    /// Splits a text.
    ///
    /// - Parameter text: `NAME:TAG`, or `NAME`. The tag follows the last colon, unless a slash comes after it: then the
    ///   colon precedes a registry's port.
    public init(_ text: String) {
        if let colon = text.lastIndex(of: ":"), !text[colon...].contains("/") {
            self.init(name: String(text[..<colon]), tag: String(text[text.index(after: colon)...]))
        } else {
            self.init(name: text, tag: nil)
        }
    }
}

extension ImageName {
    /// The tag of an image whose spec states none: the first 160 bits of the image ID in Nix's base 32. It changes only
    /// when the image does.
    public static func tag(of imageID: Digest) -> String {
        NixBase32.encode(Array(imageID.bytes.prefix(20)))
    }
}

extension ImageName {
    /// Whether there are both a name and a tag. Docker ignores names without a tag.
    public var isComplete: Bool { name != nil && tag != nil }

    /// The name with its registry: `docker.io/library/redis` for `redis`. The part before the first slash is a registry
    /// if it has a dot or a colon, or is `localhost`.
    ///
    /// Source: `splitDockerDomain` in distribution/reference.
    public var full: ImageName {
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

    /// The name as Docker shortens it: `redis` for `docker.io/library/redis`.
    public var familiar: ImageName {
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
    /// `NAME:TAG`, or the one of the two that is present.
    public var description: String { [name, tag].compactMap { $0 }.joined(separator: ":") }
}
