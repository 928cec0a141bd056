import Images
import JSON

/// What `plan` tells: the layers of an image, their sizes and shares, and why each store path is where it is.
package struct PlanReport: Sendable {
    /// A layer of the plan.
    package struct Layer: Sendable {
        /// From 1 on, the lowest first.
        package let number: Int
        /// Bytes of the plain tar.
        package let size: UInt64
        /// What the layer is.
        package let title: String
        /// The store paths in it and why they are there; none for a base layer and the customization layer.
        package let storePaths: [(path: String, reason: String)]
        /// The part of the image's bytes that lies in this layer: 0 to 1.
        package let share: Double
    }

    package let name: String
    package let layers: [Layer]

    /// Bytes of all the layers.
    package var size: UInt64 { layers.reduce(0) { $0 + $1.size } }

    /// Plans the image of a spec: made by `verb`, or as its keys tell.
    ///
    /// - Throws: `ToolError`.
    package static func make(
        _ source: SpecSource, as verb: SpecVerb?, sets: [String], context: Context, reporter: any Reporter
    ) async throws -> PlanReport {
        let context = context.reporting(to: reporter)
        let spec = try LoadedSpec.read(source, sets: sets, context: context) { verb ?? SpecVerb.implied(by: $0) }
        return try PlanReport(await spec.build(in: context))
    }

    /// Reads the metadata of the image's files, and no file.
    ///
    /// - Throws: `ToolError` with code `io` for what cannot be read.
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

    /// `{name, size, layers: [{number, size, share, storePaths: [{path, reason}]}]}`; a share is of 1.
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

    /// A table, a line a store path.
    package var text: String {
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

    /// To a millionth, so that no digits are shown that mean nothing.
    private static func rounded(_ share: Double) -> Double { (share * 1e6).rounded() / 1e6 }
}
