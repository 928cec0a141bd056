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
        os == wanted.os && architecture == wanted.architecture && (wanted.variant == nil || variant == wanted.variant)
    }
}

extension Platform: CustomStringConvertible {
    /// The parts with slashes between: `linux/arm/v7`.
    public var description: String { ([os, architecture] + [variant].compactMap { $0 }).joined(separator: "/") }
}
