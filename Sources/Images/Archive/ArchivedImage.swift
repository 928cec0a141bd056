package import OCI

/// An image that is stored in an archive, a directory or a registry.
package struct ArchivedImage: Image {
    /// The name of its place in errors: `'base.tar.gz'`.
    package let source: String
    /// The names of the image in its place; may be empty.
    package let names: [ImageName]
    package let config: ImageConfig
    /// The digest of the config.
    package let imageID: Digest
    /// The layers, the lowest first.
    package let archivedLayers: [ArchivedLayer]
    /// The platforms of the images that it was chosen from; empty if there was no choice.
    var offeredPlatforms: [Platform] = []

    package var layers: [any Layer] { archivedLayers }

    package var name: String? { names.first?.name }

    package func names(imageID: Digest) -> [ImageName] { names }
}

extension ImageFiles {
    /// Parses a config.
    ///
    /// - Returns: the config, and the digest of its bytes.
    /// - Throws: `ToolError` with code `data` if it is not a valid config.
    func config(_ bytes: [UInt8]) throws -> (ImageConfig, imageID: Digest) {
        let json = try value(bytes, "the config of \(name)")
        let config = try valid("the config") { () throws(OCIFormatError) in
            try ImageConfig(json: json, bytes: bytes)
        }
        return (config, try SHA256.digest(of: bytes))
    }

    /// Reads a value, and makes a `ToolError` with code `data` of its format error.
    ///
    /// - Parameter document: the document's name in errors: `index.json`.
    func valid<Value>(_ document: String, _ read: () throws(OCIFormatError) -> Value) throws -> Value {
        do {
            return try read()
        } catch {
            throw failure(error.sentence(document))
        }
    }
}
