import Archives
import Images
import SystemPackage

/// What a verb that makes an image has to tell: one JSON object with `--json`.
public struct ImageResult: Sendable {
    public let image: WrittenImage
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

    /// `{name, tag, imageID, output, size, layers: [{diffID, size, storePaths}]}`.
    public var json: JSONValue {
        .object([
            "name": .string(image.name),
            "tag": .string(image.tag),
            "imageID": .string("\(image.imageID)"),
            "output": .string(output),
            "size": .int(Int64(clamping: size)),
            "layers": .array(
                image.layers.map { layer in
                    .object([
                        "diffID": .string("\(layer.diffID)"),
                        "size": .int(Int64(clamping: layer.size)),
                        "storePaths": .array(layer.storePaths.map { .string($0.path) }),
                    ])
                }),
        ])
    }
}
