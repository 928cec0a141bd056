import Images

extension Validation {
    /// The images with a table of their layers, and a paragraph for each fault.
    public var text: String {
        let images = images.map { entry in
            let name = entry.image.names.first.map { "\($0)".onOneLine } ?? "(none)"
            var table = TextTable([.init("LAYER", .right), .init("SIZE", .right), .init("DIFF ID"), .init("CHAIN ID")])
            for (index, layer) in entry.layers.enumerated() {
                table.add(["\(index + 1)", "\(ByteCount(layer.size))", "\(layer.diffID)", "\(layer.chainID)"])
            }
            return "\(name)  \(entry.image.imageID)\n\(table)"
        }
        let faults = faults.map { fault in
            let values = [("got", fault.got), ("wanted", fault.wanted)]
                .compactMap { name, value in value.map { "  \(name): \($0.onOneLine)\n" } }
            return "fault: \(fault.place.onOneLine): \(fault.what.onOneLine)\n" + values.joined()
        }
        return (images + (faults.isEmpty ? ["valid\n"] : [faults.joined()])).joined(separator: "\n")
    }
}
