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
/// Every step takes the same time for any number of images and names.
struct MergedNames {
    private struct Entry {
        let image: any Image
        /// The names in their order; nil for a name that was given to a later image.
        var names: [ImageName?] = []
        var heldNames: Set<ImageName> = []
        /// The positions in `names` of all spellings of a name, by its short spelling.
        var places: [ImageName: [Int]] = [:]
        /// The source of the image, for errors.
        let source: String
        /// Whether the image had no name in its source.
        let isNameless: Bool

        /// Adds a name to the end.
        mutating func append(_ name: ImageName) {
            heldNames.insert(name)
            places[name.familiar, default: []].append(names.count)
            names.append(name)
        }

        /// Removes all spellings of a name.
        mutating func remove(_ familiar: ImageName) {
            for place in places.removeValue(forKey: familiar) ?? [] {
                if let name = names[place] { heldNames.remove(name) }
                names[place] = nil
            }
        }
    }

    private let lastWins: Bool
    private var entries: [Entry] = []
    private var entryOfImage: [Digest: Int] = [:]
    /// The entry that has a name, by its short spelling.
    private var entryOfName: [ImageName: Int] = [:]

    init(lastWins: Bool) {
        self.lastWins = lastWins
    }

    /// Adds an image.
    ///
    /// - Throws: `ToolError` with code `data` if a different image has one of its names, unless the last one wins.
    mutating func add(_ image: any Image, from source: String) throws {
        let imageID = try ImageSummary.id(of: image)
        let names = image.names(imageID: imageID)
        let known = entryOfImage[imageID]
        let entry = known ?? entries.count
        for name in names {
            guard let other = entryOfName[name.familiar], other != entry else { continue }
            guard lastWins else {
                throw ToolError(
                    .data, "cannot merge \(entries[other].source) and \(source)",
                    cause: "both have an image named \("\(name)".onOneLine), and the images differ",
                    remedy: "set \(.lastWins) to give the name to the later image, or choose images with PATH#NAME:TAG")
            }
            entries[other].remove(name.familiar)
            entryOfName[name.familiar] = nil
        }
        if known == nil {
            entryOfImage[imageID] = entry
            entries.append(Entry(image: image, source: source, isNameless: names.isEmpty))
        }
        // Only names of a further source are compared: an archive that lists a name twice keeps both.
        for name in names where known == nil || !entries[entry].heldNames.contains(name) {
            entries[entry].append(name)
            entryOfName[name.familiar] = entry
        }
    }

    /// The images in their order with their final names, without images that lost all names.
    var images: [any Image] {
        entries.compactMap { entry in
            let names = entry.names.compactMap { $0 }
            return names.isEmpty && !entry.isNameless ? nil : RenamedImage(entry.image, names: names)
        }
    }
}
