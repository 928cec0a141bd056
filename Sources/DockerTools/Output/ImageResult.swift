import Archives
import Images
import SystemPackage

/// What a verb that makes an image has to tell: one JSON object with `--json`.
public struct ImageResult: Sendable {
    /// One but for `merge`.
    public let images: [WrittenImage]
    /// The output's path; `-` for standard output.
    public let output: String
    /// Bytes of the output.
    public let size: UInt64

    /// Writes `json` to a file, whole or not at all.
    ///
    /// - Throws: `Failure` with code `io`.
    public func write(to path: String) throws {
        let file = try OutputFile(FilePath(path))
        try DescriptorSink(file.descriptor, name: path).write(Array((json.canonical + "\n").utf8))
        try file.commit()
    }

    /// Of one image `{name, tag, imageID, output, size, layers: [{diffID, size, storePaths}]}`, name and tag null for one
    /// without a name; of several `{output, size, images: [{name, tag, imageID, layers}]}`.
    public var json: JSONValue {
        let common: [String: JSONValue] = ["output": .string(output), "size": .int(Int64(clamping: size))]
        let images = images.map(Self.members)
        guard images.count == 1, let image = images.first else {
            return .object(common.merging(["images": .array(images.map { .object($0) })]) { $1 })
        }
        return .object(common.merging(image) { $1 })
    }

    private static func members(of image: WrittenImage) -> [String: JSONValue] {
        let name = image.names.first
        return [
            "name": name?.name.map { .string($0) } ?? .null,
            "tag": name?.tag.map { .string($0) } ?? .null,
            "imageID": .string("\(image.imageID)"),
            "layers": .array(
                image.layers.map { layer in
                    .object([
                        "diffID": .string("\(layer.diffID)"),
                        "size": .int(Int64(clamping: layer.size)),
                        "storePaths": .array(layer.storePaths.map { .string($0.path) }),
                    ])
                }),
        ]
    }
}
