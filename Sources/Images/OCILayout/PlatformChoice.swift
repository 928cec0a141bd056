import ByteIO
import Errors
import OCI

/// The choice of one image from those for several platforms.
enum PlatformChoice {
    /// The entry for a platform, else the first one for which no platform is stated; nil if there is none.
    ///
    /// - Parameter stated: the platform that an entry states.
    static func entry<Entry>(
        for wanted: Platform, of entries: [Entry], _ stated: (Entry) -> Platform?
    ) -> Entry? {
        entries.first { stated($0)?.serves(wanted) == true } ?? entries.first { stated($0) == nil }
    }

    /// The error for images of which none is for a platform.
    ///
    /// - Parameters:
    ///   - source: the name of the images' place.
    ///   - place: what has the images: `the index sha256:…`.
    ///   - platforms: the platforms that there are.
    static func missing(
        _ wanted: Platform, in source: String, place: String = "it", having platforms: [Platform]
    ) -> ToolError {
        ToolError(
            .data, "cannot read \(source)", cause: "\(place) has no image for \(wanted)",
            remedy: "choose a platform that it has: \(list(platforms))")
    }

    /// Platforms in a message, in their order, each once.
    static func list(_ platforms: [Platform]) -> String {
        var listed: Set<Platform> = []
        return platforms.filter { listed.insert($0).inserted }.map { "\($0)".onOneLine }.joined(separator: ", ")
    }
}

extension ArchivedImage {
    /// The platform of the image, and those of the others that it was chosen from, in one line; nil if there were no others.
    package var platformChoice: String? {
        guard offeredPlatforms.count > 1 else { return nil }
        return "\(source) has images for \(PlatformChoice.list(offeredPlatforms)): the one for "
            + "\("\(config.platform)".onOneLine) is used"
    }
}
