import Errors
import JSON
import OCI

/// Reads a directory with a manifest and the blobs that it names: skopeo's `dir:`, and podman's `docker-dir`.
///
/// The manifest is `manifest.json`, and each blob is a file named by the hex digits of its digest. Of an index, which
/// `skopeo copy --all` writes, the manifests are in `<hex>.manifest.json`.
///
/// Source: containers/image, `directory/directory_transport.go` and its "Directory Transport Version: 1.1".
enum BlobDirectoryReader {
    /// Whether a `manifest.json` is an image's manifest or an index, and not the list of a docker-archive.
    static func reads(_ manifest: JSONValue) -> Bool {
        (try? manifest.folded(["schemaVersion"]))?["schemaVersion"] != nil
    }

    /// - Parameter manifest: the parsed `manifest.json`.
    static func read(
        _ files: some ImageFiles, _ manifest: JSONValue, _ context: ReadingContext
    ) throws -> LayoutContents {
        let (root, blobs) = try root(files, manifest)
        let contents = try OCIIndexReader(blobs, context).contents(root.descriptor, names: [], depth: 1)
        guard !contents.images.isEmpty else {
            throw files.failure("it is not an image, but an artifact: \(OCIIndexReader.types(contents.artifacts))")
        }
        return contents
    }

    /// The manifest or the index of the directory, and the blobs beside it.
    static func root(_ files: any ImageFiles, _ manifest: JSONValue) throws -> (Blob, any ImageFiles) {
        let bytes = try files.json("manifest.json", "the manifest")
        let stated = try files.valid("manifest.json") { () throws(OCIFormatError) in
            try manifest.folded(["manifests", "mediaType"])
        }
        let mediaType =
            stated["mediaType"]?.string ?? (stated["manifests"] == nil ? MediaType.manifest : MediaType.index)
        let root = try Blob(bytes, mediaType: mediaType)
        return (root, BlobDirectory(files: files, root: root.descriptor))
    }
}

/// The files of such a directory.
private struct BlobDirectory: ImageFiles {
    let files: any ImageFiles
    /// The descriptor of `manifest.json`.
    let root: Descriptor

    var name: String { files.name }

    func file(_ path: String) throws -> ImageFile? { try files.file(path) }

    func path(of descriptor: Descriptor) -> String {
        if descriptor.digest == root.digest { return "manifest.json" }
        let isManifest = MediaType.known.contains(descriptor.mediaType)
        return descriptor.digest.hex + (isManifest ? ".manifest.json" : "")
    }
}
