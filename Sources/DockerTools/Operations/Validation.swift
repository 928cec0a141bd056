import ByteIO
import Errors
import Images
import JSON
import OCI
import SystemPackage

/// What comes of computing all sizes and digests of images anew.
package struct Validation: Sendable {
    /// An image as it was found.
    struct Entry: Sendable {
        let image: ArchivedImage
        let layers: [Layer]
    }

    struct Layer: Sendable {
        /// As the config says.
        let diffID: Digest
        let chainID: Digest
        /// Bytes of the plain tar; 0 where it cannot be read.
        let size: UInt64
    }

    /// What was read, for people.
    let source: String
    let images: [Entry]
    /// Everything that is wrong.
    package let faults: [ValidationIssue]

    /// Reads the images at a place, all of them or the one that is chosen, to their last byte.
    ///
    /// - Throws: `ToolError` with code `io` if something cannot be read. What is wrong with the images is no error.
    package static func run(
        _ location: ImageLocation, context: Context, reporter: any Reporter
    ) async throws -> Validation {
        let faults = ValidationIssues()
        var readingContext = context.reading(architecture: nil, keepsLayers: true)
        readingContext.issues = faults
        let archive: ImageArchive
        let images: [ArchivedImage]
        do {
            archive = try await location.archive(context, reporter, readingContext)
            images = location.name == nil ? archive.images : [try archive.image(named: location.name)]
        } catch let failure as ToolError where failure.code == .data {
            faults.add(ValidationIssue(failure))
            return Validation(source: location.words, images: [], faults: faults.all)
        }
        // Each layer once, however often it is listed; the largest first, as they take longest.
        let layers = Dictionary(images.flatMap(\.archivedLayers).map { ($0.key, $0) }) { first, _ in first }
            .sorted { ($1.value.size, $0.key) < ($0.value.size, $1.key) }
        let workers = OrderedThreadPool<ArchivedLayer, LayerExamination>(width: workerCount) {
            try LayerExamination.run($0)
        }
        defer { workers.finish() }
        for layer in layers { workers.submit(layer.value) }
        // Meanwhile. What damage to a layer does here is told once, by its examination.
        let refusals = try images.compactMap { try refusal(of: $0, context) }
        var sizes: [String: UInt64] = [:]
        for (key, _) in layers {
            guard let examination = try workers.next() else { break }
            sizes[key] = examination.size
            examination.issues.forEach(faults.add)
        }
        if faults.all.isEmpty { refusals.forEach(faults.add) }
        let entries = try images.map { image in
            checkHistory(of: image, faults)
            let layers = try chain(image.config.diffIDs, image.archivedLayers.map { sizes[$0.key] ?? 0 })
            return Entry(image: image, layers: layers)
        }
        return Validation(source: archive.name, images: entries, faults: faults.all)
    }

    /// Why the layers make no file system: names, whiteouts and links that no image should have.
    private static func refusal(
        of image: ArchivedImage, _ context: Context
    ) throws -> ValidationIssue? {
        do {
            _ = try ImageRootfs.merge(image.layers, spool: context.spool, needsBodies: false)
            return nil
        } catch let failure as ToolError where failure.code == .data {
            return ValidationIssue(failure)
        }
    }

    /// Each line of the history that is not marked `empty_layer` belongs to a layer.
    private static func checkHistory(of image: ArchivedImage, _ faults: ValidationIssues) {
        guard !image.config.history.isEmpty else { return }
        let lines = image.config.layerHistory.count
        guard lines != image.archivedLayers.count else { return }
        faults.add(
            ValidationIssue(
                "the config \(image.imageID)", "lines of the history that belong to layers", got: "\(lines)",
                wanted: "\(image.archivedLayers.count)"))
    }

    private static func chain(_ diffIDs: [Digest], _ sizes: [UInt64]) throws -> [Layer] {
        zip(zip(diffIDs, try ChainID.all(diffIDs)), sizes).map { Layer(diffID: $0.0, chainID: $0.1, size: $1) }
    }

    /// The error that ends the program where anything is wrong.
    package var failure: ToolError? {
        guard !faults.isEmpty else { return nil }
        let count = faults.count == 1 ? "1 fault" : "\(faults.count) faults"
        return ToolError(
            .data, "\(source.onOneLine) is not valid", cause: "\(count) found, told on standard output",
            remedy: "get the image anew, or make it with another program")
    }
}

extension ArchivedLayer {
    /// The same for what is one layer in several images.
    fileprivate var key: String { "\(name) \(statedDiffID)" }
}

extension Validation {
    /// The object that `validate --json` prints:
    ///
    ///     valid   boolean
    ///     images  list of {names, imageID, layers: [{diffID, chainID, size}]}: names is a list of NAME:TAG, the size that of
    ///             the plain tar in bytes, 0 where it cannot be read
    ///     faults  list of {where, what, got, wanted}: strings; got and wanted are null where there is nothing to compare
    package var json: JSONValue {
        [
            "valid": .bool(faults.isEmpty),
            "images": .array(images.map(\.json)),
            "faults": .array(
                faults.map { fault in
                    [
                        "where": .string(fault.place), "what": .string(fault.what),
                        "got": fault.got.map { .string($0) } ?? .null,
                        "wanted": fault.wanted.map { .string($0) } ?? .null,
                    ]
                }),
        ]
    }
}

extension Validation.Entry {
    fileprivate var json: JSONValue {
        [
            "names": .array(image.names.map { .string("\($0)") }),
            "imageID": .string("\(image.imageID)"),
            "layers": .array(
                layers.map {
                    [
                        "diffID": .string("\($0.diffID)"), "chainID": .string("\($0.chainID)"),
                        "size": .int(Int64(clamping: $0.size)),
                    ]
                }),
        ]
    }
}

extension Validation {
    /// The images with a table of their layers, and a paragraph for each fault.
    package var text: String {
        let images = images.map { entry in
            let name = entry.image.names.first.map { "\($0)".onOneLine } ?? "(none)"
            var table = TextTable([.init("LAYER", .right), .init("SIZE", .right), .init("DIFF ID"), .init("CHAIN ID")])
            for (index, layer) in entry.layers.enumerated() {
                table.add(["\(index + 1)", "\(ByteCount(layer.size))", "\(layer.diffID)", "\(layer.chainID)"])
            }
            return "\(name)  \(entry.image.imageID)\n\(table)"
        }
        let faults = faults.map { fault in
            let values = [("got", fault.got), ("wanted", fault.wanted)]
                .compactMap { name, value in value.map { "  \(name): \($0.onOneLine)\n" } }
            return "fault: \(fault.place.onOneLine): \(fault.what.onOneLine)\n" + values.joined()
        }
        return (images + (faults.isEmpty ? ["valid\n"] : [faults.joined()])).joined(separator: "\n")
    }
}
