import JSON

/// What an image runs on, by Go's names.
package struct Platform: Hashable, Sendable {
    /// `linux`
    package var os: String
    /// `amd64`
    package var architecture: String
    /// Such as `v7` of arm; nil where any will do, or none is told.
    package var variant: String?

    package init(os: String = "linux", architecture: String, variant: String? = nil) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
    }

    /// Nil if the object of an index names no processor.
    package init?(_ value: JSONValue) {
        guard let os = value["os"]?.string, let architecture = value["architecture"]?.string else { return nil }
        self.init(os: os, architecture: architecture, variant: value["variant"]?.string)
    }

    /// Whether an image for this is one for `wanted`.
    package func serves(_ wanted: Platform) -> Bool {
        os == wanted.os && architecture == wanted.architecture && (wanted.variant == nil || variant == wanted.variant)
    }
}

extension Platform: CustomStringConvertible {
    /// `linux/arm/v7`
    package var description: String { ([os, architecture] + [variant].compactMap { $0 }).joined(separator: "/") }
}
