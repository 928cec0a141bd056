import Archives
import Digests
import Failures
import Images
import SystemPackage

/// What comes of computing all sizes and digests of images anew.
public struct Validation: Sendable {
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
    public let faults: [ImageFaults.Fault]

    /// Reads the images at a place, all of them or the one that is chosen, to their last byte.
    ///
    /// - Throws: `Failure` with code `io` if something cannot be read. What is wrong with the images is no error.
    public static func run(
        _ location: ImageLocation, surroundings: Surroundings, reporter: any Reporter
    ) async throws -> Validation {
        let faults = ImageFaults()
        var context = surroundings.reading(architecture: nil, keepsLayers: true)
        context.faults = faults
        let archive: ImageArchive
        let images: [ArchivedImage]
        do {
            archive = try await location.archive(surroundings, reporter, context)
            images = location.name == nil ? archive.images : [try archive.image(named: location.name)]
        } catch let failure as Failure where failure.code == .data {
            faults.add(ImageFaults.Fault(failure))
            return Validation(source: location.words, images: [], faults: faults.all)
        }
        // Each layer once, however often it is listed; the largest first, as they take longest.
        let layers = Dictionary(images.flatMap(\.archivedLayers).map { ($0.key, $0) }) { first, _ in first }
            .sorted { ($1.value.size, $0.key) < ($0.value.size, $1.key) }
        let workers = OrderedWorkers<ArchivedLayer, LayerExamination>(width: workerCount) { try LayerExamination($0) }
        defer { workers.finish() }
        for layer in layers { workers.submit(layer.value) }
        // Meanwhile. What damage to a layer does here is told once, by its examination.
        let refusals = try images.compactMap { try refusal(of: $0, surroundings) }
        var sizes: [String: UInt64] = [:]
        for (key, _) in layers {
            guard let examination = try workers.next() else { break }
            sizes[key] = examination.size
            examination.faults.forEach(faults.add)
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
        of image: ArchivedImage, _ surroundings: Surroundings
    ) throws -> ImageFaults.Fault? {
        do {
            _ = try FlattenedImage(image.layers, spool: surroundings.spool, needsBodies: false)
            return nil
        } catch let failure as Failure where failure.code == .data {
            return ImageFaults.Fault(failure)
        }
    }

    /// Each line of the history that is not marked `empty_layer` belongs to a layer.
    private static func checkHistory(of image: ArchivedImage, _ faults: ImageFaults) {
        guard let history = image.config.value["history"]?.array, !history.isEmpty else { return }
        let lines = history.count { $0["empty_layer"]?.bool != true }
        guard lines != image.archivedLayers.count else { return }
        faults.add(
            ImageFaults.Fault(
                "the config \(image.imageID)", "lines of the history that belong to layers", got: "\(lines)",
                wanted: "\(image.archivedLayers.count)"))
    }

    private static func chain(_ diffIDs: [Digest], _ sizes: [UInt64]) throws -> [Layer] {
        zip(zip(diffIDs, try ChainID.all(diffIDs)), sizes).map { Layer(diffID: $0.0, chainID: $0.1, size: $1) }
    }

    /// The error that ends the program where anything is wrong.
    public var failure: Failure? {
        guard !faults.isEmpty else { return nil }
        let count = faults.count == 1 ? "1 fault" : "\(faults.count) faults"
        return Failure(
            .data, "\(source.onOneLine) is not valid", why: "\(count) found, told on standard output",
            advice: "get the image anew, or make it with another program")
    }
}

extension ArchivedLayer {
    /// The same for what is one layer in several images.
    fileprivate var key: String { "\(name) \(diffID)" }
}
