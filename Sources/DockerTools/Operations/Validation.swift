import ByteIO
package import Errors
package import Images
package import JSON
import OCI
import SystemPackage

extension DockerTools {
    /// Recomputes all sizes and digests of images: of all images of a source, or of the chosen one.
    ///
    /// - Throws: `ToolError` with code `io` for unreadable files. Faults of the images are results, not errors.
    public func validate(_ source: ImageSource) async throws -> Validation {
        try await run { try await Validation.run(source, context) }
    }
}

/// The result of validating images.
public struct Validation: Sendable {
    /// An image and its layers.
    struct Entry: Sendable {
        let image: ArchivedImage
        let layers: [Layer]
    }

    /// A layer: digests by the config, and its size.
    struct Layer: Sendable {
        let diffID: Digest
        let chainID: Digest
        /// The size of the uncompressed tar in bytes; 0 if it cannot be read.
        let size: UInt64
    }

    /// The source in messages.
    let source: String
    let images: [Entry]
    /// All faults of the images, and notes.
    private let issues: ValidationIssues

    /// The faults: readers get no image, or another one than was meant.
    package var faults: [ValidationIssue] { issues.all.filter { $0.severity == .fault } }
    /// What is unusual, but accepted by all readers.
    package var notes: [ValidationIssue] { issues.all.filter { $0.severity == .note } }

    /// Reads the images of a source completely.
    fileprivate static func run(_ source: ImageSource, _ context: Context) async throws -> Validation {
        let issues = ValidationIssues()
        var readingContext = context.reading(keepsLayers: true)
        readingContext.issues = issues
        let archive: ImageArchive
        let images: [ArchivedImage]
        do {
            archive = try await source.archive(readingContext, context)
            images = source.chosenName == nil ? archive.images : [try archive.image(named: source.chosenName)]
        } catch let failure as ToolError where failure.code == .data {
            issues.add(ValidationIssue(failure))
            return Validation(source: source.displayName, images: [], issues: issues)
        }
        // Every layer once, the largest first because they take longest.
        let layers = Dictionary(images.flatMap(\.archivedLayers).map { ($0.key, $0) }) { first, _ in first }
            .sorted { ($1.value.size, $0.key) < ($0.value.size, $1.key) }
        let workers = OrderedThreadPool<ArchivedLayer, LayerExamination>(width: workerCount) {
            try LayerExamination.run($0)
        }
        defer { workers.finish() }
        for layer in layers { workers.submit(layer.value) }
        // In parallel. Damage to a layer is reported once, by its examination.
        let refusals = try images.compactMap { try refusal(of: $0, context) }
        var sizes: [String: UInt64] = [:]
        for (key, _) in layers {
            guard let examination = try workers.next() else { break }
            sizes[key] = examination.size
            examination.issues.forEach(issues.add)
        }
        if !issues.hasFaults { refusals.forEach(issues.add) }
        let entries = try images.map { image in
            checkHistory(of: image, issues)
            let layers = try chain(image.config.diffIDs, image.archivedLayers.map { sizes[$0.key] ?? 0 })
            return Entry(image: image, layers: layers)
        }
        return Validation(source: archive.name, images: entries, issues: issues)
    }

    /// The reason why the layers cannot be merged: invalid names, whiteouts or links.
    private static func refusal(
        of image: ArchivedImage, _ context: Context
    ) throws -> ValidationIssue? {
        do {
            _ = try ImageRootfs.merge(
                image.layers, spool: context.spool, needsBodies: false, sizeLimit: context.maxLayerSize)
            return nil
        } catch let failure as ToolError where failure.code == .data {
            return ValidationIssue(failure)
        }
    }

    /// Checks that the number of history entries without `empty_layer` is the number of layers. Readers use the history only
    /// to show it.
    private static func checkHistory(of image: ArchivedImage, _ issues: ValidationIssues) {
        guard !image.config.history.isEmpty else { return }
        let lines = image.config.layerHistory.count
        guard lines != image.archivedLayers.count else { return }
        issues.add(
            ValidationIssue(
                "the config \(image.imageID)", "history entries that belong to layers", got: "\(lines)",
                wanted: "\(image.archivedLayers.count)", severity: .note))
    }

    private static func chain(_ diffIDs: [Digest], _ sizes: [UInt64]) throws -> [Layer] {
        zip(zip(diffIDs, try ChainID.all(diffIDs)), sizes).map { Layer(diffID: $0.0, chainID: $0.1, size: $1) }
    }

    /// The error for images with faults; nil for valid images.
    package var failure: ToolError? {
        guard !faults.isEmpty else { return nil }
        let count = faults.count == 1 ? "1 fault" : "\(faults.count) faults"
        return ToolError(
            .data, "\(source.onOneLine) is not valid", cause: "\(count) found, listed in the result",
            remedy: "fetch the image again, or create it with another program")
    }
}

extension ArchivedLayer {
    /// The identity of a layer, the same in several images.
    fileprivate var key: String { "\(name) \(statedDiffID)" }
}

extension Validation {
    /// The object that `validate --json` prints:
    ///
    ///     valid   boolean
    ///     images  list of {names, imageID, layers: [{diffID, chainID, size}]}: names is a list of NAME:TAG, size is the
    ///             size of the uncompressed tar in bytes, 0 if it cannot be read
    ///     faults  list of {where, what, got, wanted}: strings; got and wanted are null if nothing is compared
    ///     notes   list of the same: what is unusual, but accepted by all readers
    package var json: JSONValue {
        [
            "valid": .bool(faults.isEmpty),
            "images": .array(images.map(\.json)),
            "faults": .array(faults.map(Self.json)),
            "notes": .array(notes.map(Self.json)),
        ]
    }

    private static func json(_ issue: ValidationIssue) -> JSONValue {
        [
            "where": .string(issue.place), "what": .string(issue.what),
            "got": issue.got.map { .string($0) } ?? .null, "wanted": issue.wanted.map { .string($0) } ?? .null,
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
    /// The images with a table of their layers, and a paragraph for each fault and each note.
    public var text: String {
        let images = images.map { entry in
            let name = entry.image.names.first.map { "\($0)".onOneLine } ?? "(none)"
            var table = TextTable([.init("LAYER", .right), .init("SIZE", .right), .init("DIFF ID"), .init("CHAIN ID")])
            for (index, layer) in entry.layers.enumerated() {
                table.add(["\(index + 1)", "\(ByteCount(layer.size))", "\(layer.diffID)", "\(layer.chainID)"])
            }
            return "\(name)  \(entry.image.imageID)\n\(table)"
        }
        let (faults, notes) = (Self.text("fault", faults), Self.text("note", notes))
        let verdict = faults.isEmpty ? "valid\n" : faults
        return (images + [notes, verdict].filter { !$0.isEmpty }).joined(separator: "\n")
    }

    private static func text(_ severity: String, _ issues: [ValidationIssue]) -> String {
        issues.map { issue in
            let values = [("got", issue.got), ("wanted", issue.wanted)]
                .compactMap { name, value in value.map { "  \(name): \($0.onOneLine)\n" } }
            return "\(severity): \(issue.place.onOneLine): \(issue.what.onOneLine)\n" + values.joined()
        }.joined()
    }
}
