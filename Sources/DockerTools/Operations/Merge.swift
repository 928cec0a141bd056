import ByteIO
import Errors
import Images
import OCI

extension DockerTools {
    /// Writes the images of several archives to one archive.
    ///
    /// - Parameters:
    ///   - sources: the images, or the specs that they are built from.
    ///   - lastWins: whether the later of two different images with the same name gets the name; else that is an error.
    /// - Throws: `ToolError`; there is no output then.
    @discardableResult
    public func merge(
        _ sources: [ImageSource], to destination: ImageDestination, lastWins: Bool = false
    ) async throws -> ImageResult {
        try await run {
            let opened = try sources.map { ("\($0)", try OpenedSource.open($0, context)) }
            let form = try OutputForm.choose(for: destination, nil, context.reporter)
            let writer = ImageWriter(to: destination.path, name: "merged", suffix: form.suffix, context)
            try writer.check(inputs: opened.flatMap { $1.inputs }, jsonFile: destination.jsonFile)
            var names = MergedNames(lastWins: lastWins)
            for (text, source) in opened {
                for image in try await source.images() { try names.add(image, from: text) }
            }
            let result = try writer.write(names.images, form)
            try result.write(result.jsonOfImages, to: destination.jsonFile, context)
            return result
        }
    }
}

/// Assigns names to the images of several archives.
///
/// The same image of two archives becomes one image with the names of both. An image without a name stays without one.
struct MergedNames {
    private struct Entry {
        let image: any Image
        let imageID: Digest
        var names: [ImageName]
        /// The source of the image, for errors.
        let source: String
        /// Whether the image had no name in its source.
        let isNameless: Bool
    }

    private let lastWins: Bool
    private var entries: [Entry] = []

    init(lastWins: Bool) {
        self.lastWins = lastWins
    }

    /// Adds an image.
    ///
    /// - Throws: `ToolError` with code `data` if a different image has one of its names, unless the last one wins.
    mutating func add(_ image: any Image, from source: String) throws {
        let imageID = try ImageSummary.id(of: image)
        let names = image.names(imageID: imageID)
        for name in names {
            let isSame = { (other: ImageName) in other.familiar == name.familiar }
            guard let other = entries.firstIndex(where: { $0.names.contains(where: isSame) && $0.imageID != imageID })
            else { continue }
            guard lastWins else {
                throw ToolError(
                    .data, "cannot merge \(entries[other].source) and \(source)",
                    cause: "both have an image named \("\(name)".onOneLine), and the images differ",
                    remedy: "set \(.lastWins) to give the name to the later image, or choose images with PATH#NAME:TAG")
            }
            entries[other].names.removeAll(where: isSame)
        }
        if let same = entries.firstIndex(where: { $0.imageID == imageID }) {
            entries[same].names += names.filter { !entries[same].names.contains($0) }
        } else {
            entries.append(
                Entry(image: image, imageID: imageID, names: names, source: source, isNameless: names.isEmpty))
        }
    }

    /// The images in their order with their final names, without images that lost all names.
    var images: [any Image] {
        entries.filter { !$0.names.isEmpty || $0.isNameless }.map { RenamedImage($0.image, names: $0.names) }
    }
}
