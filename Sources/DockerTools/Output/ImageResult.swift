package import Images
package import JSON
import OCI
import Store
import SystemPackage

/// The result of an operation that writes images.
public struct ImageResult: Sendable {
    /// Names, digests and layers of the images.
    package let images: [ImageSummary]
    /// The path of the output; `-` for standard output.
    public let output: String
    /// The size of the output in bytes.
    public let size: UInt64
    /// Additional members of the JSON object.
    var more: [String: JSONValue] = [:]

    init(images: [ImageSummary], output: String, size: UInt64) {
        (self.images, self.output, self.size) = (images, output, size)
    }

    /// Writes a JSON description of the result to a file, if there is one.
    ///
    /// - Throws: `ToolError` with code `io`.
    func write(_ json: JSONValue, to path: String?, _ context: Context) throws {
        if let path { try OutputFile.write(json.canonical + "\n", to: path, context) }
    }

    /// The JSON object for one image: `{name, tag, imageID, output, size, layers: [{diffID, size, storePaths}]}`. Name and
    /// tag are null for an image without a name.
    package var json: JSONValue {
        .object(common.merging(images.first.map(Self.members) ?? [:]) { $1 }.merging(more) { $1 })
    }

    /// The JSON object for any number of images: `{output, size, images: [{name, tag, names, imageID, layers}]}`.
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
