public import JSON

/// The operating system and the processor that an image runs on, by Go's names.
///
/// Source: OCI Image Format Specification, "Image Index", the member `platform`.
public struct Platform: Hashable, Sendable {
    /// The operating system: `linux`.
    public var os: String
    /// The processor: `amd64`.
    public var architecture: String
    /// The variant of the processor, such as `v7` of arm; nil for none, or for any where an image is searched.
    public var variant: String?

    /// Creates a platform.
    public init(os: String = "linux", architecture: String, variant: String? = nil) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
    }

    /// Parses `os/architecture` or `os/architecture/variant`. The names `x86_64` and `aarch64` stand for Go's.
    ///
    /// - Returns: nil for a text of another form.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), parts.allSatisfy(Self.isPart) else { return nil }
        let goName = ["x86_64": "amd64", "aarch64": "arm64"][parts[1]] ?? parts[1]
        self.init(os: parts[0], architecture: goName, variant: parts.count == 3 ? parts[2] : nil)
    }

    /// Whether a text can be a part of a platform (containerd, `platforms.Parse`).
    private static func isPart(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { ReferenceGrammar.isAlphanumeric($0) || "_-.".utf8.contains($0) }
    }

    /// Reads the platform of a descriptor; nil if `os` or `architecture` is missing.
    public init?(json: JSONValue) {
        guard let json = try? json.folded(["architecture", "os", "os.features", "os.version", "variant"]) else {
            return nil
        }
        guard let os = json["os"]?.string, let architecture = json["architecture"]?.string else { return nil }
        self.init(os: os, architecture: architecture, variant: json["variant"]?.string)
    }

    /// The platform as a member of a descriptor.
    public var json: JSONValue {
        var members: [String: JSONValue] = ["os": .string(os), "architecture": .string(architecture)]
        members["variant"] = variant.map { .string($0) }
        return .object(members)
    }

    /// Whether an image for this platform can be used where one for `wanted` is searched.
    public func serves(_ wanted: Platform) -> Bool {
        os == wanted.os && architecture == wanted.architecture
            && (wanted.variant == nil || usualVariant == wanted.usualVariant)
    }

    /// The variant, with one spelling for each processor (containerd, `platforms.Normalize`).
    private var usualVariant: String? {
        switch (architecture, variant) {
        case ("arm64", "8"), ("arm64", "v8"), ("amd64", "v1"): nil
        case ("arm", nil), ("arm", "7"): "v7"
        case ("arm", "5"), ("arm", "6"), ("arm", "8"): "v\(variant ?? "")"
        default: variant
        }
    }
}

extension Platform: CustomStringConvertible {
    /// The parts with slashes between: `linux/arm/v7`.
    public var description: String { ([os, architecture] + [variant].compactMap { $0 }).joined(separator: "/") }
}
