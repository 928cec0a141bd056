import Images
import JSON
import SystemPackage

/// What a verb that makes an image has to tell: one JSON object with `--json`.
package struct ImageResult: Sendable {
    package let images: [ImageSummary]
    /// The output's path; `-` for standard output.
    package let output: String
    /// Bytes of the output.
    package let size: UInt64
    /// What a verb has to tell besides, under these names.
    var more: [String: JSONValue] = [:]

    init(images: [ImageSummary], output: String, size: UInt64) {
        (self.images, self.output, self.size) = (images, output, size)
    }

    /// Writes JSON to a file, whole or not at all.
    ///
    /// - Throws: `ToolError` with code `io`.
    package static func write(_ json: JSONValue, to path: String) throws {
        try OutputFile.write(json.canonical + "\n", to: path)
    }

    /// Of the one image `{name, tag, imageID, output, size, layers: [{diffID, size, storePaths}]}`, name and tag null for one
    /// without a name.
    package var json: JSONValue {
        .object(common.merging(images.first.map(Self.members) ?? [:]) { $1 }.merging(more) { $1 })
    }

    /// Of however many images `{output, size, images: [{name, tag, names, imageID, layers}]}`.
    package var jsonOfImages: JSONValue {
        let images = images.map { image in
            let names: [String: JSONValue] = ["names": .array(image.names.map { .string("\($0)") })]
            return JSONValue.object(Self.members(of: image).merging(names) { $1 })
        }
        return .object(common.merging(["images": .array(images)]) { $1 })
    }

    private var common: [String: JSONValue] { ["output": .string(output), "size": .int(Int64(clamping: size))] }

    private static func members(of image: ImageSummary) -> [String: JSONValue] {
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
