import ByteIO
import Compression
import Errors
import Images
import OCI
import SystemPackage

/// Writes the images of several archives to one.
package struct Merge: Sendable {
    private let arguments: [ImageArgument]
    private let lastWins: Bool
    private let context: Context
    private let reporter: any Reporter

    /// - Parameters:
    ///   - arguments: the images, or the specs that they are made from.
    ///   - lastWins: whether of two images of one name the later has it, rather than that being an error.
    package init(
        _ arguments: [ImageArgument], lastWins: Bool, context: Context, reporter: any Reporter
    ) {
        self.arguments = arguments
        self.lastWins = lastWins
        self.context = context
        self.reporter = reporter
    }

    /// - Parameters:
    ///   - output: the output's path, `-` for standard output.
    ///   - jsonFile: where what is known of the images will be written, if anywhere.
    /// - Throws: `ToolError`; then there is no output.
    package func write(
        to output: String, format: ArchiveFormat, compressor: Compressor, jsonFile: String?
    ) async throws -> ImageResult {
        let directory = context.currentDirectory
        let origins = try arguments.map { ($0.text, try ImageOrigin($0, context, reporter)) }
        let inputs = origins.flatMap { $1.inputs(context) }
        let destination = ImageOutput(output, name: "", format: format, compressor: compressor, in: directory)
        try destination.check(inputs: inputs)
        if let jsonFile { try destination.check(jsonFile: directory.pushing(FilePath(jsonFile)), inputs: inputs) }
        var names = MergedNames(lastWins: lastWins)
        for (text, origin) in origins {
            for image in try await origin.images(context, reporter) { try names.add(image, from: text) }
        }
        return try destination.write(
            names.images, format: format, compressor: compressor, context, progress: reporter)
    }
}

/// Which image has which name, where images of several archives come together.
///
/// The same image from two archives is one with the names of both. An image without a name stays without one.
struct MergedNames {
    private struct Entry {
        let image: any Image
        let imageID: Digest
        var names: [ImageName]
        /// Where it comes from, for errors.
        let source: String
        /// It had no name from the beginning.
        let isNameless: Bool
    }

    private let lastWins: Bool
    private var entries: [Entry] = []

    init(lastWins: Bool) {
        self.lastWins = lastWins
    }

    /// Adds an image.
    ///
    /// - Throws: `ToolError` with code `data` if another image has one of its names, unless the last one wins.
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
                    cause: "both have an image named \("\(name)".onOneLine), and it is not the same one",
                    remedy: "say --last-wins if the later one is to have the name, or choose images with PATH#NAME:TAG")
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

    /// The images in their order, each with the names that it has now; without those that lost all of theirs.
    var images: [any Image] {
        entries.filter { !$0.names.isEmpty || $0.isNameless }.map { RenamedImage($0.image, names: $0.names) }
    }
}
