import Digests

/// A name that an image has in an archive or a registry: `NAME:TAG`.
public struct ImageName: Hashable, Sendable {
    /// The repository, a registry before it where there is one; nil in an OCI layout that has but tags.
    public var name: String?
    public var tag: String?

    public init(name: String?, tag: String?) {
        self.name = name
        self.tag = tag
    }

    /// - Parameter text: `NAME:TAG`, or `NAME`. The tag is behind the last colon, unless a slash comes after that: then it
    ///   is a registry's port.
    public init(_ text: String) {
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
    public static func tag(of imageID: Digest) -> String {
        NixBase32.encode(Array(imageID.bytes.prefix(20)))
    }
}

extension ImageName {
    /// Whether there are both a name and a tag, without which Docker takes none.
    var isComplete: Bool { name != nil && tag != nil }

    /// With its registry: `redis` is `docker.io/library/redis`. What is before the first slash is a registry if it has a dot
    /// or a colon, or is `localhost`.
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

    /// As Docker shortens it: `docker.io/library/redis` is `redis` there.
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
    /// `NAME:TAG`, or the one of them that there is.
    public var description: String { [name, tag].compactMap { $0 }.joined(separator: ":") }
}
