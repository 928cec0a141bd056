import Archives
import Digests
import Failures

/// Makes sense of the manifest of one image.
///
/// Source: OCI Image Format Specification, "Image Manifest".
struct OCIManifest {
    private let files: any ImageFiles
    private let context: ReadingContext

    init(_ files: any ImageFiles, _ context: ReadingContext) {
        self.files = files
        self.context = context
    }

    func image(_ descriptor: OCIDescriptor, names: [ImageName]) throws -> ArchivedImage {
        let place = "the manifest \(descriptor.digest)"
        let manifest = try files.value(files.blob(descriptor, place, context), "\(place) of \(files.name)")
        try files.checkManifest(manifest, OCIMediaType.manifests, place, other: "manifests")
        guard let configValue = manifest["config"], let layerValues = manifest["layers"]?.array else {
            throw files.failure("\(place) has no config, or no list of layers")
        }
        let configDescriptor = try OCIDescriptor(configValue, "\(place).config", of: files)
        let bytes = try files.blob(configDescriptor, "the config \(configDescriptor.digest)", context)
        let config = try ArchivedConfig(bytes, of: files)
        guard config.diffIDs.count == layerValues.count else {
            throw files.failure(
                "\(place) has \(layerValues.count) layers, and its config has \(config.diffIDs.count) diff_ids")
        }
        let layers = try layerValues.enumerated().map { index, value in
            try layer(OCIDescriptor(value, "\(place).layers[\(index)]", of: files), config.diffIDs[index])
        }
        return ArchivedImage(source: files.name, names: names, config: config, archivedLayers: layers)
    }

    private func layer(_ descriptor: OCIDescriptor, _ diffID: Digest) throws -> ArchivedLayer {
        guard let file = try files.layer(descriptor) else {
            throw files.failure("the layer \(descriptor.digest) is not in it")
        }
        try files.checkSize(file.size, descriptor, "the layer \(descriptor.digest)", context)
        return ArchivedLayer(
            name: descriptor.path, archive: files.name, diffID: diffID, digest: descriptor.digest,
            mediaType: descriptor.mediaType,
            size: file.size,
            place: file.place, context: context)
    }
}
