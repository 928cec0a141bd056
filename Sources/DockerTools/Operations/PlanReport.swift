import Images
package import JSON
import Store

extension DockerTools {
    /// Plans the layers of a spec's image. Only the metadata of files is read, unless references have to be scanned for.
    ///
    /// - Throws: `ToolError`.
    public func plan(_ source: ImageSource) async throws -> PlanReport {
        try await run { try await OpenedSource.open(source, context).planReport() }
    }
}

/// The plan of an image: its layers, their sizes and shares, and the reason for the layer of each store path.
public struct PlanReport: Sendable {
    /// A layer of the plan.
    package struct Layer: Sendable {
        /// The number from 1; the lowest layer is first.
        package let number: Int
        /// The size of the uncompressed tar in bytes.
        package let size: UInt64
        /// A description of the layer.
        package let title: String
        /// The store paths and the reasons for their layer; empty for a base layer and the customization layer.
        package let storePaths: [(path: String, reason: String)]
        /// The layer's share of the image's size: 0…1.
        package let share: Double
    }

    /// The name of the image.
    public let name: String
    /// The layers, the lowest first.
    package let layers: [Layer]

    /// The total size of the layers in bytes.
    public var size: UInt64 { layers.reduce(0) { $0 + $1.size } }

    /// Reads the metadata of the image's files.
    ///
    /// - Throws: `ToolError` with code `io` for unreadable directories.
    init(_ image: BuiltImage) throws {
        let sizes = try image.layers.map { try $0.open().size }
        let total = Double(max(1, sizes.reduce(0, +)))
        name = image.spec.name
        layers = image.layers.enumerated().map { index, layer in
            Layer(
                number: index + 1, size: sizes[index], title: layer.title,
                storePaths: layer.storePaths.map { ($0.path, image.reason($0)) },
                share: Double(sizes[index]) / total)
        }
    }

    /// The object `{name, size, layers: [{number, size, share, storePaths: [{path, reason}]}]}`; shares are 0…1.
    package var json: JSONValue {
        .object([
            "name": .string(name),
            "size": .int(Int64(clamping: size)),
            "layers": .array(
                layers.map { layer in
                    .object([
                        "number": .int(Int64(layer.number)),
                        "size": .int(Int64(clamping: layer.size)),
                        "share": .double(Self.rounded(layer.share)),
                        "storePaths": .array(
                            layer.storePaths.map {
                                .object(["path": .string($0.path), "reason": .string($0.reason)])
                            }),
                    ])
                }),
        ])
    }

    /// A table with one line for each store path.
    public var text: String {
        var table = TextTable([
            TextTable.Column("LAYER", .right), TextTable.Column("SIZE", .right), TextTable.Column("SHARE", .right),
            TextTable.Column("STORE PATH"), TextTable.Column("WHY"),
        ])
        for layer in layers {
            let head = ["\(layer.number)", "\(ByteCount(layer.size))", Self.percent(layer.share)]
            if layer.storePaths.isEmpty {
                table.add(head + [layer.title, layer.number == layers.count ? "always on top" : "as it is"])
            }
            for (index, entry) in layer.storePaths.enumerated() {
                table.add((index == 0 ? head : ["", "", ""]) + [entry.path, entry.reason])
            }
        }
        return "\(table)\(layers.count) layers, \(ByteCount(size))\n"
    }

    private static func percent(_ share: Double) -> String {
        let tenths = Int((share * 1000).rounded())
        return "\(tenths / 10).\(tenths % 10)%"
    }

    /// A share, rounded to a millionth.
    private static func rounded(_ share: Double) -> Double { (share * 1e6).rounded() / 1e6 }
}
